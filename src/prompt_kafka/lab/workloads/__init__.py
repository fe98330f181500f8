"""What Kubernetes' controller manager does for this service: Deployments, Services, garbage collection."""
