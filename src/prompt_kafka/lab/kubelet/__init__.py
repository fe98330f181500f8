"""The lab's kubelet: pods become processes of this machine."""

from __future__ import annotations

from prompt_kafka.lab.kubelet.kubelet import Kubelet

__all__ = ["Kubelet"]
