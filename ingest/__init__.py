"""Files to pages, pages to chunks, chunks to a library that can be searched."""
