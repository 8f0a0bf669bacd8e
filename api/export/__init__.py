"""The public side as plain files: asked of the very application that answers the public, and written for any web server."""
