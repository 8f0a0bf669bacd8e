"""Read models of the office: case files, status at two times, clocks. Confidential (Article 78)."""
