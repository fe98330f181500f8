"""The lab's Argo CD: acts on Application objects as the real one does.

:class:`~prompt_kafka.lab.argocd.controller.ApplicationController` is the controller;
:func:`~prompt_kafka.lab.argocd.install.install` sets an environment up through it.
"""

from prompt_kafka.lab.argocd.install import Installed, InstallError, install

__all__ = ["InstallError", "Installed", "install"]
