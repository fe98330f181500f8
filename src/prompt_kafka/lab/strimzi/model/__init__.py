"""The objects that the operator wants to exist, built by pure functions: resources in, manifests out."""
