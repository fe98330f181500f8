"""The lab's kubelet: pods become processes of this machine."""

from __future__ import annotations

from .kubelet import Kubelet

__all__ = ["Kubelet"]
