"""The procedure of Articles 51 and 52 of Regulation (EU) 2024/1689: pure, without input or output, and without a clock."""
