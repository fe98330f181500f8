"""Benchmarks: each is one command, measures against a peer in the same run, and writes JSON and a table.

    python -m bench [up|restart|command …] [--runs N]

Results go to ``bench/results/<name>.json`` with the date, the machine and the seed of chance.
"""
