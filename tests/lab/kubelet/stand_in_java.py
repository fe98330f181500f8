"""Stands in for the program `java`: a Kafka node that starts in no time and behaves as it is told.

Given a node's configuration it listens where the node would, tells a broker's states where the kubelet reads
them, and answers on TLS. ``-Dact=exit`` ends it at once, ``-Dact=deaf`` makes it ignore TERM.
"""

import re
import signal
import socket
import ssl
import struct
import sys
import threading
import time
from pathlib import Path


def setting(text, name):
    found = re.search(rf"^{re.escape(name)}=(.*)$", text, re.MULTILINE)
    return found[1] if found else ""


def answer(listener, context):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection, context), daemon=True).start()


def talk(connection, context):
    try:
        secured = context.wrap_socket(connection, server_side=True)
        while True:
            size = secured.recv(4)
            if len(size) < 4:
                return
            secured.recv(struct.unpack(">i", size)[0])
            secured.sendall(struct.pack(">i", 4) + b"\0\0\0\1")
    except OSError:
        pass


def storage_tool(arguments):
    config = Path(arguments[arguments.index("-c") + 1]).read_text()
    folder = Path(setting(config, "log.dirs"))
    folder.mkdir(parents=True)
    (folder / "bootstrap.checkpoint").write_text("checkpoint")


def node(properties, options):
    acts = {option.partition("=")[2] for option in options if option.startswith("-Dact=")}
    print("starting", properties, flush=True)
    if "exit" in acts:
        sys.exit(3)
    if "deaf" in acts:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    config = Path(properties).read_text()
    root = Path(properties).parent.parent
    held = []
    for entry in setting(config, "listeners").split(","):
        name, _, address = entry.partition("://")
        host, _, port = address.rpartition(":")
        listener = socket.create_server((host, int(port)))
        held.append(listener)
        if name.startswith("REPLICATION"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificates = root / "opt/kafka/broker-certs"
            pod = root.parent.name
            context.load_cert_chain(certificates / f"{pod}.crt", certificates / f"{pod}.key")
            threading.Thread(target=answer, args=(listener, context), daemon=True).start()
    if "broker" in setting(config, "process.roles"):
        states = root / "tmp" / "lab-broker-states"
        states.write_text("Incarnation x of broker 3 is now STARTING.\n")
        time.sleep(0.1)
        with states.open("a") as out:
            out.write("The broker has been unfenced. Transitioning from RECOVERY to RUNNING.\n")
    print("started", flush=True)
    while True:
        time.sleep(60)


words = sys.argv[1:]
main = next(number for number, word in enumerate(words) if word.startswith("kafka."))
if words[main] == "kafka.tools.StorageTool":
    storage_tool(words[main:])
else:
    node(words[main + 1], words[:main])
