"""What Sotto is to reach: alone, and beside the other servers in the same run."""


def value(results, server, archive, scenario, *path):
    """A figure of one report, or None where that was not run or not to its end."""
    for r in results:
        if (r["server"], r["archive"], r["scenario"]) == (server, archive, scenario):
            report = r["report"]
            if not report.get("complete"):
                return None
            for key in path:
                report = report.get(key) if isinstance(report, dict) else None
            return report
    return None


CPU = ("server", "cpu_us_per_message")
LOGIN = ("server", "cpu_us_per_login")
IDLE = ("memory", "rss_kib_per_session")


def better_peer(results, archive, scenario, path):
    found = [value(results, peer, archive, scenario, *path) for peer in ("prosody", "ejabberd")]
    return min((v for v in found if v is not None), default=None)


def ratio(peer, own):
    return peer / own if peer is not None and own else None


def disk_bound_ms(results):
    """Nothing is acknowledged before the disk has it, so a slow disk moves the goal."""
    disk = value(results, "sotto", True, "brisk", "disk_sync_us", "p99")
    return 5.0 if disk is None else max(5.0, disk / 1000 + 2)


def measured(results):
    """(what, unit, figure, "<=" or ">=", limit)"""
    def own(archive, scenario, *path):
        return value(results, "sotto", archive, scenario, *path)

    message, login, idle = own(True, "pairs", *CPU), own(True, "login", *LOGIN), own(True, "idle", *IDLE)
    ack = own(True, "brisk", "ack_latency_us", "p99")
    yield "archived message", "us CPU", message, "<=", 40
    yield "archived messages", "/s", own(True, "pairs", "messages_per_second"), ">=", 20000
    yield "message without archive", "us CPU", own(False, "pairs", *CPU), "<=", 12
    yield "idle session", "KiB", idle, "<=", 20
    yield "login", "us CPU", login, "<=", 500
    yield "p99 of durable acks", "ms", None if ack is None else ack / 1000, "<=", disk_bound_ms(results)
    yield "ready with 10,000 accounts", "ms", own(True, "ready", "ready_ms"), "<=", 200
    for peer, times in ("prosody", 20), ("ejabberd", 15):
        yield (f"{peer}, CPU per archived message", "times ours",
               ratio(value(results, peer, True, "pairs", *CPU), message), ">=", times)
    yield ("better peer, memory per idle session", "times ours",
           ratio(better_peer(results, True, "idle", IDLE), idle), ">=", 2.5)
    yield ("better peer, CPU per login", "times ours",
           ratio(better_peer(results, True, "login", LOGIN), login), ">=", 2.5)


def judge(results):
    out = []
    for what, unit, figure, relation, limit in measured(results):
        met = None if figure is None else figure <= limit if relation == "<=" else figure >= limit
        out.append({"goal": what, "unit": unit, "figure": figure, "relation": relation, "limit": limit,
                    "met": met})
    return out


def busiest(results):
    """The largest share of the machine that other work took during one scenario."""
    shares = [r["report"].get("machine", {}).get("other_cpu_percent") for r in results]
    return max((s for s in shares if s is not None), default=0)


def print_goals(goals, results):
    print(f"\n{'goal':38} {'figure':>12} {'wanted':>12} {'unit':10}")
    for g in goals:
        figure = "not run" if g["figure"] is None else f"{g['figure']:,.1f}"
        wanted = f"{g['relation']} {round(g['limit'], 1):,}"
        verdict = {True: "met", False: "MISSED", None: ""}[g["met"]]
        print(f"{g['goal']:38} {figure:>12} {wanted:>12} {g['unit']:10} {verdict}")
    if busiest(results) > 5:
        print(f"Other work took up to {busiest(results):.0f} % of the machine: rates and latencies are lower "
              "bounds, CPU is somewhat too high.")
