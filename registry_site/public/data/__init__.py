"""The register as data: the list and its entries in forms for machines, each a function of what the public log says."""
