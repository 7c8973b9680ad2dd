/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The scenarios that nthost can play with a driver. Each returns true when all it checked holds. */
#ifndef NTHOST_CASES_H
#define NTHOST_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "frameworks/event_log.h"
#include "frameworks/ndis/ndis_host.h"
#include "frameworks/portcls/portcls_host.h"
#include "frameworks/storport/storport_host.h"
#include "image/image.h"
#include "options.h"

/* A host with its bus open and the driver loaded; DriverEntry was not called yet. */
struct run {
    const struct options *options;
    struct bus *bus;
    struct image *image;
    struct sp_adapter *adapter[SP_MAX_ADAPTERS]; /* StorPort's */
    unsigned adapter_count;
    struct nd_adapter *net[ND_MAX_ADAPTERS]; /* NDIS' */
    unsigned net_count;
    struct pc_device *sound[PC_MAX_DEVICES]; /* PortCls' */
    unsigned sound_count;
};

/* What stands between main and a framework: each case names its own. */
struct framework {
    const char *name;
    const char *fake_device; /* its devices, as tests/device calls them */
    void (*init)(struct run *run); /* registers the exports, before the driver is loaded */
    void (*finish)(struct run *run); /* stops and removes what a case left */
};

extern const struct framework storport_framework, ndis_framework, wdf_framework, portcls_framework;

struct test_case {
    const struct framework *framework;
    const char *name, *summary;
    bool (*play)(struct run *run);
    bool device_misbehaves; /* then the device's own view of the driver counts for nothing */
};

extern const struct test_case all_cases[];
extern const size_t all_cases_count;

/* StorPort: calls DriverEntry and starts an adapter for each virtio function; false, with a line that says why, if one fails. */
bool run_start(struct run *run);

/* One failed expectation: a line for the user. Returns false. */
bool failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool case_info(struct run *run);
bool case_refused(struct run *run);
bool case_poke(struct run *run);
bool case_suffer(struct run *run);
bool case_scsi(struct run *run);
bool case_readonly(struct run *run);
bool case_pattern(struct run *run);
bool case_flush(struct run *run);
bool case_recover(struct run *run);
bool case_power(struct run *run);
bool case_resize(struct run *run);
bool case_unplug(struct run *run);
bool case_remove(struct run *run);
bool case_soak(struct run *run);
bool case_serve(struct run *run);
bool case_input_info(struct run *run);
bool case_input_refused(struct run *run);
bool case_input_poke(struct run *run);
bool case_input_life(struct run *run);
bool case_input_events(struct run *run);
bool case_input_judge(struct run *run);
bool case_input_descriptors(struct run *run);
bool case_input_keys(struct run *run);
bool case_input_suffer(struct run *run);
bool case_input_type(struct run *run);
bool case_input_desk(struct run *run);
bool case_net_info(struct run *run);
bool case_net_refused(struct run *run);
bool case_net_serve(struct run *run);
bool case_net_life(struct run *run);
bool case_net_oids(struct run *run);
bool case_net_poke(struct run *run);
bool case_net_suffer(struct run *run);
bool case_snd_info(struct run *run);
bool case_snd_refused(struct run *run);
bool case_snd_play(struct run *run);
bool case_snd_record(struct run *run);
bool case_snd_pause(struct run *run);
bool case_snd_loop(struct run *run);
bool case_snd_life(struct run *run);
bool case_snd_unplug(struct run *run);

#endif
