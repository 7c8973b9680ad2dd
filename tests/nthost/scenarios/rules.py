#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Each rule of the host is broken once, by a driver made for it (tests/nthost/rules): the run must end with status 1 and
the rule's name; the same driver without a fault must pass."""

import argparse
import subprocess
import sys

STORPORT = {
    "pool-leak": "memory is left behind", "irql": "irql.import", "phase": "irql.import", "access-range": "storport.range",
    "configuration": "storport.configuration",
    "configuration-own": "storport.configuration", "uncached": "storport.uncached", "queue-depth": "storport.depth",
    "timer": "storport.timer", "null-pointer": "memory.fault", "extension-overrun": "memory.fault",
    "stack": "stack.overflow", "mmio-alignment": "mmio.alignment", "mmio-instruction": "mmio.instruction",
    "lock-twice": "storport.lock", "lock-kept": "irql.return", "lock-order": "storport.lock", "stall": "storport.stall",
    "build-io": "storport.srb", "srb-status": "storport.status", "srb-length": "storport.length",
    "srb-foreign": "storport.srb", "srb-released": "storport.twice", "srb-twice": "storport.twice",
    "srb-lost": "did not complete", "dma": "dma.range", "dma-chain": "dma.chain", "stop": "dma.stop",
    "import": "import.unknown", "storm": "storport.storm",
}
NDIS = {
    "header": "ndis.header", "attributes-order": "ndis.attributes", "power-capabilities": "ndis.attributes",
    "oids": "ndis.oids", "encapsulation": "ndis.offload", "checksum-early": "ndis.offload",
    "interrupt-early": "ndis.interrupt", "interrupt-handler": "ndis.interrupt", "shared-early": "ndis.shared",
    "shared-length": "ndis.shared", "io-range": "ndis.range", "handle": "ndis.handle", "initialize-leak": "ndis.leak",
    "lock-kept": "ndis.lock", "lock-twice": "lock.deadlock", "irql-kept": "irql.return", "stall": "stall.long",
    "sg-irql": "irql.import", "sg-kept": "ndis.sg", "sg-twice": "ndis.sg", "send-mdl": "ndis.mdl",
    "send-buffer": "ndis.mdl", "send-status": "ndis.status", "send-lost": "sends were not completed",
    "send-after": "ndis.released", "send-twice": "ndis.twice", "receive-source": "ndis.receive", "receive-count": "ndis.receive",
    "receive-length": "ndis.receive", "receive-irql": "ndis.irql", "receive-twice": "ndis.returned",
    "receive-freed": "ndis.returned", "receive-paused": "ndis.paused", "receive-halted": "ndis.paused",
    "throttle": "ndis.throttle", "isr": "ndis.isr", "isr-irql": "irql.import", "storm": "ndis.storm",
    "pause-early": "ndis.pause", "pause-twice": "ndis.complete", "pause-fails": "ndis.pause", "pause-hangs": "ndis.hang",
    "oid-changed": "ndis.oid", "oid-twice": "ndis.complete", "oid-hangs": "ndis.hang", "reset-twice": "ndis.complete",
    "reset-hangs": "ndis.hang", "power": "ndis.power", "timer-left": "ndis.timer", "work-item-irql": "irql.import",
    "work-item-twice": "ndis.workitem", "work-item-left": "ndis.leak", "memory-left": "ndis.leak", "pool-left": "ndis.leak",
    "pool-used": "ndis.pool", "list-after": "ndis.released", "registers-left": "ndis.leak", "shared-left": "ndis.leak",
    "dma-left": "ndis.leak", "interrupt-left": "ndis.leak", "configuration-left": "ndis.leak", "dma": "dma.range",
    "stop": "dma.stop", "registered": "ndis.register",
}
KMDF = {
    "honest-cancel": None, "honest-stop": None,
    "twice": "wdf.twice", "twice-referenced": "wdf.twice", "queued": "wdf.request", "cancelable": "wdf.cancelable",
    "status": "wdf.status", "length": "hid.length", "report": "hid.report", "overrun": "memory.fault", "lost": "hid.lost",
    "held": "wdf.held", "string": "hid.string", "packet": "hid.report", "irql": "irql.import", "lock-twice": "wdf.lock",
    "lock-kept": "EvtTimerFunc returned", "lock-free": "wdf.lock", "interrupt-lock": "irql.import", "timer-wait": "irql.import",
    "unknown": "import.unknown", "complete-locked": "wdf.lock", "work-flush": "wdf.deadlock", "storm": "wdf.storm",
    "bus-write": "wdf.bus", "interface-leak": "wdf.leak", "interrupt-late": "does not start", "mapping-leak": "mm.leak",
    "stop": "dma.stop", "d0-fails": "does not start", "size": "wdf.size", "memory-overrun": "memory.fault",
    "delete-twice": "wdf.handle", "delete-device": "wdf.delete", "wrong-type": "wdf.handle", "reference": "wdf.leak",
    "dereference": "wdf.reference", "pool-leak": "memory is left behind", "context-overrun": "memory.fault", "policy": "wdf.add",
    "map-range": "mm.range", "map-cached": "mm.cache", "log-size": "eventlog.size", "log-string": "eventlog.string",
    "log-leak": "memory is left behind",
}


def options(framework, rule):
    """What nthost is told, for a fake device of that framework; a storm needs one that interrupts without reason."""
    words = ["--fault", "interrupt-early" if rule == "storm" else "none", "--messages", "0"]
    if framework == "ndis":
        return [*words, "--keyword", f"Rule={rule}", "--throttle", "1" if rule == "throttle" else "0"], "net-poke"
    return [*words, "--boot-argument", rule], "input-poke" if framework == "kmdf" else "poke"



def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nthost", required=True)
    parser.add_argument("--driver", required=True, help="faulty.sys, faulty_net.sys or faulty_wdf.sys")
    parser.add_argument("--framework", choices=("storport", "ndis", "kmdf"), default="storport")
    parser.add_argument("--runner", default="", help="program that runs nthost, for example qemu-i386")
    arguments = parser.parse_args()
    host = ([arguments.runner] if arguments.runner else []) + [arguments.nthost]
    broken = {"storport": STORPORT, "ndis": NDIS, "kmdf": KMDF}[arguments.framework]
    failed = 0
    for rule, words in {"honest": None, **broken}.items():
        told, case = options(arguments.framework, rule)
        command = [*host, *told, arguments.driver, case]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                                stdin=subprocess.DEVNULL, check=False)
        if words is None and result.returncode != 0 or words and (result.returncode != 1 or words not in result.stdout):
            failed += 1
            print(f"FAILED: {' '.join(command)}: status {result.returncode}, wanted {words}\n{result.stdout}")
    print(f"{len(broken) + 1} rules, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
