#!/usr/bin/env python3
"""One measured run of a peer over a bad link; prints one JSON line.

    run.py [--peer NAME] A|B|C|P none|down|drop|kill [PHASE_S] [--cc ALGORITHM] [--max S] [--out FILE] [--keep]

         kbit/s  RTT ms  up/down s  what
    A       256     600      20/10  30 notes of 1 KiB and a file of 6 MiB
    B        64    1200       8/12  200 notes of 1 KiB
    C     20000      60      20/10  a file of 200 MiB
    P       256     600      20/10  6 MiB at once, 5 urgent notes of 1 KiB at second 12; ends when the five are there

NAME.sh beside this file is the peer: prep (before the clock runs, without a link), server (at the receiver, stays),
client (at the sender, stays; optional), send DIR (at the sender; ends when the sender knows that all is there), and,
where what arrives is not simply a file in $DST, arrived (names of what is there whole) and sealed (sizes in bytes of
all that the receiver holds, one a line). $W is its folder, $SRC where the files are, $IP the receiver's address.

    t              seconds until everything was at the receiver, whole
    sender_knows   ... until the sender knew
    up_s           seconds of these in which the link was there
    payload_ratio  bytes of the files that arrived / what the link could carry in up_s
    sealed_ratio   bytes that the receiver holds / the same: the design's budget
    wire_sealed    bytes on both interfaces, with Ethernet headers, to the receiver and back / bytes sealed
    tcp_sealed     the same without the headers of Ethernet, IP and TCP
    small_first, small_last   seconds until the first and the last small file was there; in P since they were given
"""
import argparse
import fcntl
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("B") or os.path.join(HERE, "..", "..", "build"))
IP = "10.77.0.2"
SMALL = 1024
URGENT_AT = 12
HEADERS = 66  # of Ethernet, IPv4, and TCP with time stamps, in a frame
#            kbit  RTT ms  up  down  small  MiB  at most s
WORKLOADS = {
    "A": (256, 600, 20, 10, 30, 6, 1200),
    "B": (64, 1200, 8, 12, 200, 0, 900),
    "C": (20000, 60, 20, 10, 0, 200, 480),
    "P": (256, 600, 20, 10, 5, 6, 300),
}


def files_of(workload):
    """The folder with small/, big/ and all/: the same bytes in every run, made once."""
    folder = os.path.join(tempfile.gettempdir(), "feldsher-link-data", workload)
    os.makedirs(folder, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)  # runs may begin together
    if not os.path.exists(folder + "/made"):
        bytes_of = random.Random("feldsher " + workload)
        small, mib = WORKLOADS[workload][4:6]
        for kind in ("small", "big", "all"):
            shutil.rmtree(f"{folder}/{kind}", ignore_errors=True)
            os.makedirs(f"{folder}/{kind}")
        sizes = [("small", f"s{i:03d}", SMALL) for i in range(small)] + [("big", "zbig", mib << 20)] * (mib > 0)
        for kind, name, size in sizes:
            with open(f"{folder}/{kind}/{name}", "wb") as f:
                for at in range(0, size, 1 << 20):
                    f.write(bytes_of.randbytes(min(1 << 20, size - at)))
            os.link(f"{folder}/{kind}/{name}", f"{folder}/all/{name}")
        open(folder + "/made", "w").close()
    os.close(lock)
    return folder


def sha(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(f.read()).hexdigest()


class Run:
    def __init__(self, args):
        self.args = args
        self.kbit, self.rtt, self.up, self.down, _, _, self.max = WORKLOADS[args.workload]
        self.max = args.max or self.max
        self.name = f"fl{os.getpid()}"  # of the namespaces
        self.work = tempfile.mkdtemp(prefix=f"feldsher-link-{args.peer}-{args.workload}{args.mode}{args.phase:g}-")
        self.source = files_of(args.workload)
        self.target = self.work + "/in"
        os.mkdir(self.target)
        self.script = f"{HERE}/{args.peer}.sh"
        with open(self.script) as f:
            self.verbs = {line[:-1] for line in f.read().split("\n") if line.endswith(")") and line[:-1].isalpha()}
        self.env = dict(os.environ, W=self.work, SRC=self.source, DST=self.target, IP=IP, FELDSHER_BUILD=BUILD)
        everything = self.source + "/all"
        self.want = {n: (os.path.getsize(f"{everything}/{n}"), sha(f"{everything}/{n}")) for n in os.listdir(everything)}
        self.there = {}  # name: second at which it was seen whole
        self.looked = {}  # name: size and time of change at the last look
        self.started = []

    def start(self, verb, side=None, *more):
        inside = ["ip", "netns", "exec", f"{self.name}-{side}"] if side else []
        with open(f"{self.work}/{verb}.log", "ab") as log:
            p = subprocess.Popen(inside + ["bash", self.script, verb, *more], env=self.env, stdin=subprocess.DEVNULL,
                                 stdout=log, stderr=log, start_new_session=True)
        self.started.append(p)
        return p

    def ask(self, verb):
        return subprocess.run(["bash", self.script, verb], env=self.env, capture_output=True, text=True, timeout=60).stdout.split()

    def look(self, t):
        if "arrived" in self.verbs:
            for n in self.ask("arrived"):
                if n in self.want:
                    self.there.setdefault(n, t)
            return
        for n, (size, digest) in self.want.items():
            path = f"{self.target}/{n}"
            if n in self.there or not os.path.exists(path) or os.path.getsize(path) != size:
                continue
            state = os.stat(path).st_mtime_ns
            if self.looked.get(n) != state:
                self.looked[n] = state
                if sha(path) == digest:
                    self.there[n] = t

    def sent(self):
        """Bytes that both interfaces have sent, and frames."""
        files = [f"/sys/class/net/road/statistics/tx_{what}" for what in ("bytes", "packets")]
        count = lambda side: map(int, subprocess.run(["ip", "netns", "exec", f"{self.name}-{side}", "cat", *files],
                                                     capture_output=True, text=True, check=True).stdout.split())
        (bytes_a, frames_a), (bytes_b, frames_b) = count("a"), count("b")
        return bytes_a, bytes_b, frames_a, frames_b

    def up_seconds(self, t):
        if self.args.mode == "none":
            return t
        cycle = self.up + self.down
        until = lambda x: x // cycle * self.up + min(x % cycle, self.up)
        return until(t + self.args.phase) - until(self.args.phase)

    def wire(self):
        """Starts linkd; the clock runs from its first line on."""
        ends = [f"{self.name}-a", f"{self.name}-b"]
        path = self.work + "/linkd.log"
        with open(path, "wb") as log:
            self.started.append(subprocess.Popen(
                ["ip", "netns", "exec", f"{self.name}-m", f"{BUILD}/link/linkd", "left", "right", str(self.rtt / 2), str(self.up), str(self.down),
                 str(self.args.phase), self.args.mode, str(self.max + 60), *ends], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True))
        for _ in range(500):
            with open(path) as log:
                if log.read().startswith("0.000 start"):
                    return time.monotonic()
            time.sleep(0.01)
        sys.exit(f"run.py: linkd did not start, see {path}")

    def measure(self):
        subprocess.run([f"{HERE}/lab.sh", "up", self.name, str(self.kbit), str(self.rtt), self.args.cc], check=True)
        if "prep" in self.verbs and self.start("prep").wait(timeout=120) != 0:
            sys.exit(f"run.py: {self.args.peer}: prep failed, see {self.work}/prep.log")
        self.start("server", "b")
        time.sleep(2)
        before = self.sent()
        begin = self.wire()
        if "client" in self.verbs:
            self.start("client", "a")
        urgent = self.args.workload == "P"
        parts = [("big", 0), ("small", URGENT_AT)] if urgent else [("all", 0)]
        goal = {n for n in self.want if n[0] == "s" or not urgent}
        sends, done, knows, wire, sealed = [], None, None, None, None
        while (t := time.monotonic() - begin) < self.max:
            while parts and t >= parts[0][1]:
                sends.append(self.start("send", "a", f"{self.source}/{parts.pop(0)[0]}"))
            self.look(t)
            if done is None and goal <= set(self.there):
                done, wire, sealed = t, self.sent(), self.sealed()
            if knows is None and not parts and all(p.poll() is not None for p in sends):
                knows = time.monotonic() - begin
            if done is not None and (knows is not None or urgent or t > done + 60):
                break
            time.sleep(0.25)
        end = done if done is not None else t
        wire = wire or self.sent()
        sealed = self.sealed() if sealed is None else sealed
        return self.result(end, done, knows, [w - b for w, b in zip(wire, before)], sealed)

    def sealed(self):
        return sum(map(int, self.ask("sealed"))) if "sealed" in self.verbs else 0

    def result(self, end, done, knows, wire, sealed):
        could = self.kbit * 125 * self.up_seconds(end)
        arrived = sum(self.want[n][0] for n in self.there)
        since = URGENT_AT if self.args.workload == "P" else 0
        small = sorted(t - since for n, t in self.there.items() if n[0] == "s")
        tcp = [wire[0] - HEADERS * wire[2], wire[1] - HEADERS * wire[3]]
        per = lambda bytes_, n: [round(b / n, 4) for b in bytes_] if n else None
        return {
            "peer": self.args.peer, "workload": self.args.workload, "mode": self.args.mode, "phase": self.args.phase, "cc": self.args.cc,
            "complete": done is not None, "t": round(end, 1), "sender_knows": knows and round(knows, 1),
            "up_s": round(self.up_seconds(end), 1), "payload_ratio": round(arrived / could, 3),
            "sealed_ratio": round(sealed / could, 3) if sealed else None, "sealed": sealed or None,
            "wire": wire[:2], "wire_sealed": per(wire[:2], sealed), "wire_payload": per(wire[:2], arrived), "tcp_sealed": per(tcp, sealed),
            "small_first": round(small[0], 1) if small else None, "small_last": round(small[-1], 1) if small else None,
            "arrived": len(self.there), "of": len(self.want),
        }

    def end(self):
        for p in self.started:
            if p.poll() is None:
                try:
                    os.killpg(p.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            p.wait()
        subprocess.run([f"{HERE}/lab.sh", "down", self.name], check=False)

    def verify(self):
        return self.start("verify").wait(timeout=300) == 0


def main():
    ap = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    ap.add_argument("workload", choices=WORKLOADS)
    ap.add_argument("mode", choices=["none", "down", "drop", "kill"])
    ap.add_argument("phase", nargs="?", type=float, default=0)
    ap.add_argument("--peer", default="feldsher")
    ap.add_argument("--cc", default="cubic")
    ap.add_argument("--max", type=float)
    ap.add_argument("--out", help="append the line to this file, too")
    ap.add_argument("--keep", action="store_true", help="leave the folder with logs and data")
    args = ap.parse_args()
    if os.geteuid() != 0:
        print("run.py: network namespaces need root; run it as root", file=sys.stderr)
        sys.exit(77)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    run = Run(args)
    good = False
    try:
        result = run.measure()
        run.end()
        if "verify" in run.verbs and result["complete"]:
            result["verified"] = run.verify()
        line = json.dumps(result)
        print(line, flush=True)
        if args.out:
            with open(args.out, "a") as f:
                f.write(line + "\n")
        good = result["complete"] and result.get("verified", True)
    finally:
        run.end()
        if args.keep or not good:
            print(f"run.py: logs and data are in {run.work}", file=sys.stderr)
        else:
            shutil.rmtree(run.work, ignore_errors=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
