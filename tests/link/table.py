#!/usr/bin/env python3
"""table.py FILE: the lines of run.py as a table, mean (least-most) over the runs of a case, beside the budgets, and
beside what peers reached where FILE has none of that peer's own runs."""
import json
import sys

# sealed bytes / usable link; the bound of any protocol over TCP with a handshake for each window is 0.87, 0.58, 0.95
BUDGET = {"A": 0.85, "B": 0.50, "C": 0.92}
WIRE = 1.06  # bytes on the wire / sealed bytes, where blobs are most of it
# payload / usable link of an earlier series on another day (cubic, mean of several phases): not of this run
EARLIER = {
    ("A", "down"): {"nncp": "0.67-0.71", "rsync over ssh": "0.37", "rclone": "never", "restic, curl": "never"},
    ("A", "kill"): {"nncp": "0.57", "rsync over ssh": "0.28", "rclone": "never", "restic, curl": "never"},
    ("B", "down"): {"nncp": "never", "rsync over ssh": "never", "rclone": "0.12", "restic, curl": "never"},
    ("B", "kill"): {"nncp": "never", "rsync over ssh": "never", "rclone": "0.13", "restic, curl": "never"},
    ("C", "down"): {"nncp": "0.86", "rsync over ssh": "0.30", "rclone": "0.38", "restic, curl": "0.35"},
}


def cell(runs, key, pick=None):
    values = [r[key] if pick is None else r[key][pick] for r in runs if r.get(key) is not None]
    if not values:
        return "-"
    if min(values) == max(values):
        return f"{values[0]:.4g}"
    return f"{sum(values) / len(values):.4g} ({min(values):.4g}-{max(values):.4g})"


def main():
    cases = {}
    with open(sys.argv[1]) as f:
        for line in f:
            r = json.loads(line)
            cases.setdefault((r["workload"], r["mode"]), {}).setdefault(r["peer"], []).append(r)
    missed = 0
    head = ["link", "peer", "done", "t s", "sender knows", "payload/usable", "sealed/usable", "budget", "wire/sealed", "TCP/sealed", "back/sealed",
            "small first", "small last"]
    print("| " + " | ".join(head) + " |\n|" + "-|" * len(head))
    for (workload, mode), peers in sorted(cases.items()):
        for peer, runs in sorted(peers.items()):
            done = sum(r["complete"] for r in runs)
            verdict = ""
            if peer == "feldsher" and workload in BUDGET and mode != "none":
                worst = min(r["sealed_ratio"] or 0 for r in runs) if done == len(runs) else 0
                verdict = f"{BUDGET[workload]:.2f} {'PASS' if worst >= BUDGET[workload] else 'MISS'}"
                missed += worst < BUDGET[workload]
            wire = cell(runs, "wire_sealed", 0)
            if peer == "feldsher" and workload in "AC" and done:
                over = max(r["wire_sealed"][0] for r in runs) > WIRE
                wire += f" {WIRE} {'MISS' if over else 'PASS'}"
                missed += over
            row = [f"{workload} {mode}", peer, f"{done}/{len(runs)}", cell(runs, "t"), cell(runs, "sender_knows"), cell(runs, "payload_ratio"),
                   cell(runs, "sealed_ratio"), verdict, wire, cell(runs, "tcp_sealed", 0), cell(runs, "wire_sealed", 1), cell(runs, "small_first"),
                   cell(runs, "small_last")]
            print("| " + " | ".join(row) + " |")
        for peer, ratio in EARLIER.get((workload, mode), {}).items():
            if peer not in peers:
                print(f"| {workload} {mode} | {peer} (earlier, not in this run) | | | | {ratio} |" + " |" * 7)
    print(f"{missed} budgets missed (the worst run of a case counts)")
    sys.exit(1 if missed else 0)


main()
