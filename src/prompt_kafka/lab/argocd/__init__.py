"""The lab's Argo CD: acts on Application objects as the real one does."""
