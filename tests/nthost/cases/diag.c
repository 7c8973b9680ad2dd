/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The diagnostic record. SRB_IO_CONTROL: ntddscsi.h. */
#include "diag.h"

#include <string.h>

#include "cases.h"
#include "mem/memory.h"
#include "verify/verify.h"

enum { SRB_FUNCTION_IO_CONTROL = 2, SRB_SUCCESS = 1 };

struct io_control {
    uint32_t header_length;
    char signature[8];
    uint32_t timeout_s, control_code, return_code, length;
};

/* Sends one IOCTL_SCSI_MINIPORT; the record behind the header, and the SRB's status. */
static bool send_control(struct disk *d, const char *signature, uint32_t code, VIRTIO_DIAG *diag, uint8_t *status)
{
    uint32_t size = sizeof(struct io_control) + sizeof *diag;
    uint8_t *data = memory_alloc(MEMORY_POOL, size, 0, "IOCTL_SCSI_MINIPORT buffer");
    struct io_control header = {.header_length = sizeof header, .timeout_s = 10, .control_code = code,
                                .length = sizeof *diag};
    struct sp_request r = {.function = SRB_FUNCTION_IO_CONTROL, .direction = SP_FROM_DEVICE, .data = data, .length = size};
    bool completed;
    memcpy(header.signature, signature, sizeof header.signature);
    memset(data, 0, size);
    memcpy(data, &header, sizeof header);
    completed = disk_command(d, &r);
    memcpy(diag, data + sizeof header, sizeof *diag);
    memcpy(&header, data, sizeof header);
    *status = r.srb_status;
    memory_free(data);
    return completed && (r.srb_status != SRB_SUCCESS || header.return_code == 0 || failed("return code is not 0"));
}

bool diag_read(struct disk *d, VIRTIO_DIAG *diag)
{
    uint8_t status;
    if (!send_control(d, "SCSIDISK", 0x1b0501, diag, &status)) {
        return false;
    }
    if (status == SRB_SUCCESS) {
        return failed("an unknown miniport control must fail, but succeeded");
    }
    if (!send_control(d, VIRTIO_DIAG_SIGNATURE, VIRTIO_DIAG_CODE_QUERY, diag, &status)) {
        return false;
    }
    if (status != SRB_SUCCESS || diag->version != VIRTIO_DIAG_VERSION || diag->size != sizeof *diag) {
        return failed("the diagnostic record: SRB status %#x, version %u, size %u", status, diag->version, diag->size);
    }
    return true;
}

void diag_show(const VIRTIO_DIAG *diag)
{
    static const char *const interrupts[] = {"none", "line (INTx)", "messages (MSI-X)"};
    say("  driver       version %u.%u.%u, device %04x revision %u, status %#04x", diag->driver_version >> 24,
        diag->driver_version >> 16 & 0xff, diag->driver_version & 0xffff, diag->pci_device_id, diag->pci_revision,
        diag->device_status);
    say("  features     %#llx of %#llx offered", (unsigned long long)diag->features,
        (unsigned long long)diag->offered_features);
    say("  interrupts   %s, %llu taken", interrupts[diag->interrupt_mode % 3], (unsigned long long)diag->interrupts);
    for (uint32_t i = 0; i < diag->queue_count && i < VIRTIO_DIAG_QUEUES_MAX; i++) {
        say("  queue %u      %u entries of %u offered", diag->queues[i].index, diag->queues[i].size,
            diag->queues[i].device_size);
    }
    say("  requests     %llu read, %llu written, %llu others, %llu kicks, %llu errors, %llu resets",
        (unsigned long long)diag->requests_in, (unsigned long long)diag->requests_out,
        (unsigned long long)diag->requests_other, (unsigned long long)diag->kicks, (unsigned long long)diag->errors,
        (unsigned long long)diag->resets);
}
