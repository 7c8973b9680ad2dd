/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Case that puts Linux's TCP/IP above the driver, for real programs. Ends on SIGTERM or SIGINT. */
#include <signal.h>

#include "net.h"
#include "verify/verify.h"

static volatile sig_atomic_t stop;

static void on_stop(int signal_number)
{
    (void)signal_number;
    stop = 1;
}

static bool is_idle(void *context)
{
    return nd_sends_outstanding(context) == 0 && !nd_is_busy();
}

bool case_net_serve(struct run *run)
{
    struct sigaction action = {.sa_handler = on_stop};
    struct net_bridge *bridge;
    VIRTIO_DIAG diag;
    bool good = net_start(run);
    bridge = good ? net_bridge_open(run) : NULL;
    if (bridge == NULL) {
        return false;
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    say("ready");
    while (!stop && !run->bus->dead) {
        net_bridge_move(bridge);
    }
    for (unsigned i = 0; i < run->net_count && !run->bus->dead; i++) {
        good = (net_wait(run, 5000, is_idle, run->net[i]) || failed("adapter %u does not complete its sends", i)) && good;
        net_say_counters(i, run->net[i]);
        if (net_diag(run->net[i], &diag)) {
            net_say_diag(&diag);
        }
    }
    net_bridge_close(bridge);
    return good && !run->bus->dead;
}
