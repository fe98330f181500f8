"""One rule per file: what it looks for, why, who says so, how it is mended."""
