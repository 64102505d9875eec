"""The tools, one file each: schema, text, example and parser in one value. table.py lists them in order."""
