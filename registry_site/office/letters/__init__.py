"""Decision letters and the file of a case: what they say stands here once, as typed content; a page and a PDF both show exactly that."""
