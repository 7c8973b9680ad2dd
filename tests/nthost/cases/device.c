/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The device's own word. */
#include "device.h"

#include <stdlib.h>
#include <string.h>

#include "bus/fake.h"
#include "cases.h"
#include "fake_blk.h"
#include "fake_log.h"

uint64_t device_flushes(struct bus *bus, unsigned function)
{
    struct fake_device *fake = bus_fake_device(bus, function);
    static const char key[] = "\"flush_operations\":";
    const char *reply, *at;
    uint64_t sum = 0;
    if (fake != NULL) {
        return fake_blk_flush_count(fake);
    }
    reply = bus_qemu_qmp(bus, "{\"execute\": \"query-blockstats\"}");
    at = reply != NULL ? reply : "";
    /* Each disk's node and its layers have an entry; only the one that a flush went through moves. */
    for (at = strstr(at, key); at != NULL; at = strstr(at, key)) {
        at += strlen(key);
        sum += strtoull(at, NULL, 10);
    }
    return sum;
}

bool device_is_content(struct bus *bus)
{
    for (unsigned i = 0; i < bus->function_count; i++) {
        struct fake_device *fake = bus_fake_device(bus, i);
        char why[256];
        if (fake != NULL && !fake_check(fake, why, sizeof why)) {
            return failed("the device says of the driver: %s", why);
        }
    }
    return true;
}
