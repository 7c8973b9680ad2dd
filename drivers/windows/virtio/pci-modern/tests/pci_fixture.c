/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A fake device with the transport on it. */
#include "pci_fixture.h"

#include <string.h>

static const VIRTIO_FEATURE_DEPENDENCY dependencies[] = {{1ULL << 14, 1ULL << 13}, {1ULL << 13, 1ULL << 9}};
const VIRTIO_FEATURE_REQUEST pci_request = {PCI_WANTED, 0, dependencies, 2};

void pci_make(struct pci *pci, const struct fake_options *options)
{
    char error[160];
    struct fake_options all = *options;

    memset(pci, 0, sizeof(*pci));
    all.disk_bytes = all.disk_bytes != 0 ? all.disk_bytes : 1 << 20;
    pci->fake = fake_create(&all, error, sizeof(error));
    if (pci->fake == NULL) {
        fail_msg("%s", error);
    }
    pci->log = fake_log_of(pci->fake);
}

void pci_make_fault(struct pci *pci, const char *fault)
{
    pci_make(pci, &(struct fake_options){.fault = fault});
}

void pci_end(struct pci *pci)
{
    fake_destroy(pci->fake);
}

static NTSTATUS set_up_queue(struct pci *pci, enum pci_vectors vectors)
{
    VIRTIO_PCI_QUEUE_SETUP setup = {0, 0, 0x123456780, 0x223457000, 0x323458004, VIRTIO_PCI_NO_VECTOR};
    NTSTATUS status = VirtioPciQueueSize(&pci->device, 0, &pci->queue_size);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (pci->queue_size == 0) {
        pci->device.reason = VIRTIO_REASON_QUEUE_MISSING;
        return STATUS_NOT_SUPPORTED;
    }
    setup.size = pci->queue_size < 64 ? pci->queue_size : 64;
    if (vectors == PCI_MSIX) {
        setup.vector = 0;
    }
    return VirtioPciEnableQueue(&pci->device, &setup, &pci->notify);
}

static NTSTATUS steps(struct pci *pci, enum pci_vectors vectors)
{
    static const VIRTIO_CONFIG_FIELD capacity = {0, 8};
    NTSTATUS status = VirtioPciReset(&pci->device);
    if (NT_SUCCESS(status)) {
        status = VirtioPciNegotiate(&pci->device, &pci_request);
    }
    if (NT_SUCCESS(status)) {
        status = VirtioPciReadConfig(&pci->device, &capacity, 1, &pci->capacity);
    }
    if (NT_SUCCESS(status) && vectors == PCI_MSIX) {
        status = VirtioPciSetConfigVector(&pci->device, 1);
    }
    if (NT_SUCCESS(status)) {
        status = set_up_queue(pci, vectors);
    }
    if (NT_SUCCESS(status)) {
        status = VirtioPciDriverOk(&pci->device);
    }
    return status;
}

NTSTATUS pci_bring_up(struct pci *pci, enum pci_vectors vectors)
{
    if (vectors == PCI_MSIX) {
        fake_msix_enable(pci->fake, 2);
    }
    pci->status = VirtioPciOpen(&pci->device, &fake_driver_ops, pci->fake);
    if (NT_SUCCESS(pci->status)) {
        pci->status = steps(pci, vectors);
    }
    if (NT_SUCCESS(pci->status)) {
        assert_int_equal(pci->device.reason, VIRTIO_REASON_NONE);
    } else {
        VirtioPciFail(&pci->device);
    }
    return pci->status;
}

void pci_check_log(const struct pci *pci)
{
    char why[160];
    if (!fake_check_log(pci->fake, why, sizeof(why))) {
        fake_log_print(pci->log, stderr);
        fail_msg("%s", why);
    }
}

void pci_expect(const char *fault, VIRTIO_REASON reason)
{
    struct pci pci;

    pci_make_fault(&pci, fault);
    pci_bring_up(&pci, PCI_MSIX);
    if (pci.device.reason != reason || NT_SUCCESS(pci.status) != (reason == VIRTIO_REASON_NONE)) {
        fake_log_print(pci.log, stderr);
        fail_msg("%s: status 0x%08x, reason '%s' instead of '%s'", fault, (unsigned)pci.status,
                 VirtioReasonText(pci.device.reason), VirtioReasonText(reason));
    }
    pci_check_log(&pci);
    pci_end(&pci);
}

void pci_status_writes(const struct pci *pci, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < pci->log->count && length + 4 < size; i++) {
        const struct fake_access *access = &pci->log->access[i];
        if (access->region == FAKE_COMMON && access->write && access->offset == VIRTIO_COMMON_STATUS) {
            length += (size_t)snprintf(text + length, size - length, "%s%02x", length != 0 ? " " : "",
                                       (unsigned)access->value);
        }
    }
}
