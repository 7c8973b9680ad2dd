/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Queue set-up, vectors, notification and ISR. Each test names its rows of docs/conformance.md. */
#include "pci_fixture.h"

#include <string.h>

struct row {
    const char *id;
    const char *fault;
    VIRTIO_REASON reason;
};

static const struct row rows[] = {
    {"PCI-36", "queue-size=0", VIRTIO_REASON_QUEUE_MISSING},
    {"PCI-36", "queue-size=1", VIRTIO_REASON_NONE},
    {"PCI-36", "queue-size=32768", VIRTIO_REASON_NONE},
    {"PCI-36", "queue-size-fixed", VIRTIO_REASON_QUEUE_SIZE_INVALID},
    {"HOST-12", "queue-size=3", VIRTIO_REASON_QUEUE_SIZE_INVALID},
    {"HOST-12", "queue-size=1000", VIRTIO_REASON_QUEUE_SIZE_INVALID},
    {"HOST-12", "queue-size=32769", VIRTIO_REASON_QUEUE_SIZE_INVALID},
    {"HOST-12", "queue-size=65535", VIRTIO_REASON_QUEUE_SIZE_INVALID},
    {"HOST-12", "queue-size-moves", VIRTIO_REASON_QUEUE_SIZE_INVALID},
    {"HOST-13", "num-queues=0", VIRTIO_REASON_QUEUE_MISSING},
    {"HOST-13", "num-queues=65535", VIRTIO_REASON_NONE},
    {"HOST-14", "notify-off=65535", VIRTIO_REASON_QUEUE_NOTIFY_INVALID},
    {"HOST-14", "notify-off=1024", VIRTIO_REASON_QUEUE_NOTIFY_INVALID}, /* just behind a window of 4096 */
    {"HOST-14", "notify-off=1023", VIRTIO_REASON_NONE},
    {"HOST-14", "notify-off=1,notify-length=5", VIRTIO_REASON_QUEUE_NOTIFY_INVALID}, /* the write would end outside */
    {"HOST-14", "notify-off=1,notify-length=6", VIRTIO_REASON_NONE},
    {"HOST-14", "multiplier=3,notify-off=1", VIRTIO_REASON_QUEUE_NOTIFY_INVALID},          /* odd address */
    {"HOST-14", "multiplier=0x80000000,notify-off=2", VIRTIO_REASON_QUEUE_NOTIFY_INVALID}, /* 0 in 32 bits */
    {"HOST-14", "multiplier=0xFFFFFFFF,notify-off=0xFFFF", VIRTIO_REASON_QUEUE_NOTIFY_INVALID},
    {"HOST-14", "multiplier=0xFFFFFFFE", VIRTIO_REASON_NONE}, /* times offset 0 */
    {"HOST-14", "enable-refused", VIRTIO_REASON_QUEUE_ENABLE_FAILED},
    {"PCI-34", "vector-refused=1", VIRTIO_REASON_VECTOR_REFUSED},
    {"PCI-34", "vector-refused=2", VIRTIO_REASON_VECTOR_REFUSED},
    {"PCI-34", "vector-refused=3", VIRTIO_REASON_NONE},
    {"HOST-18", "vector-junk", VIRTIO_REASON_VECTOR_REFUSED},
    {"HOST-18", "vector-junk=0", VIRTIO_REASON_VECTOR_REFUSED},
};

/* INIT-25, INIT-26 too: the checker wants nothing behind FAILED. */
static void test_rows(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        pci_expect(rows[i].fault, rows[i].reason);
    }
}

/* After a refused bring-up the last status has FAILED, and no queue runs (INIT-25). */
static void test_failure_is_told(void **unused)
{
    static const char *const faults[] = {"queue-size=3", "notify-off=65535", "vector-refused=2", "enable-refused"};
    struct fake_queue_view view;
    struct pci pci;
    (void)unused;
    for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        pci_make_fault(&pci, faults[i]);
        assert_int_equal(pci_bring_up(&pci, PCI_MSIX), STATUS_NOT_SUPPORTED);
        assert_int_equal(fake_status(pci.fake), 0x8B);
        fake_queue_look(pci.fake, 0, &view);
        assert_false(view.enabled);
        assert_null((void *)pci.notify);
        pci_end(&pci);
    }
}

/* Brings a device to the point where queues are set up. */
static void to_features_ok(struct pci *pci)
{
    assert_int_equal(VirtioPciOpen(&pci->device, &fake_driver_ops, pci->fake), STATUS_SUCCESS);
    assert_int_equal(VirtioPciReset(&pci->device), STATUS_SUCCESS);
    assert_int_equal(VirtioPciNegotiate(&pci->device, &pci_request), STATUS_SUCCESS);
}

/* What was set up is what the device has. PCI-06, PCI-16, PCI-17, PCI-33, PCI-38 by the checker. */
static void test_programming(void **unused)
{
    struct fake_queue_view view;
    volatile UINT8 *notify;
    struct pci pci;
    (void)unused;
    pci_make(&pci, &(struct fake_options){.queue_count = 8, .queue_size = 256, .msix_vectors = 16});
    fake_msix_enable(pci.fake, 16);
    to_features_ok(&pci);
    assert_int_equal(pci.device.queue_count, 8);
    for (unsigned i = 8; i-- > 0;) {
        VIRTIO_PCI_QUEUE_SETUP setup = {(UINT16)i,
                                        (UINT16)(1u << i),
                                        0xFEDCBA9876543210ULL + 16 * i,
                                        0x0123456789ABCDE0ULL + 2 * i,
                                        0x00000001FFFFFFF0ULL + 4 * i,
                                        (UINT16)(15 - i)};
        UINT16 size;
        assert_int_equal(VirtioPciQueueSize(&pci.device, (UINT16)i, &size), STATUS_SUCCESS);
        assert_int_equal(size, 256);
        assert_int_equal(VirtioPciEnableQueue(&pci.device, &setup, &notify), STATUS_SUCCESS);
    }
    for (unsigned i = 0; i < 8; i++) {
        fake_queue_look(pci.fake, i, &view);
        assert_true(view.enabled);
        assert_int_equal(view.size, 1u << i);
        assert_int_equal(view.vector, 15 - i);
        assert_true(view.desc == 0xFEDCBA9876543210ULL + 16 * i);
        assert_true(view.avail == 0x0123456789ABCDE0ULL + 2 * i);
        assert_true(view.used == 0x00000001FFFFFFF0ULL + 4 * i);
    }
    pci_check_log(&pci);
    pci_end(&pci);
}

/* PCI-16, PCI-32, and queues that do not exist: refused without a write to the queue's registers. */
static void test_bad_setups(void **unused)
{
    static const VIRTIO_PCI_QUEUE_SETUP bad[] = {
        {0, 0, 0, 0, 0, VIRTIO_PCI_NO_VECTOR},       {0, 3, 0, 0, 0, VIRTIO_PCI_NO_VECTOR},
        {0, 40000, 0, 0, 0, VIRTIO_PCI_NO_VECTOR},   {1, 64, 0, 0, 0, VIRTIO_PCI_NO_VECTOR},
        {0xFFFF, 64, 0, 0, 0, VIRTIO_PCI_NO_VECTOR},
    };
    static const VIRTIO_PCI_QUEUE_SETUP past_table = {0, 64, 0, 0, 0, 2};
    const uint64_t one = 1;
    volatile UINT8 *notify;
    struct pci pci;
    UINT16 size = 1;
    (void)unused;
    pci_make_fault(&pci, NULL);
    to_features_ok(&pci);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        notify = (volatile UINT8 *)&pci;
        assert_int_equal(VirtioPciEnableQueue(&pci.device, &bad[i], &notify), STATUS_NOT_SUPPORTED);
        assert_int_equal(pci.device.reason, VIRTIO_REASON_QUEUE_SIZE_INVALID);
        assert_null((void *)notify);
    }
    assert_int_equal(fake_log_find(pci.log, 0, FAKE_COMMON, true, VIRTIO_COMMON_QUEUE_SIZE, NULL), pci.log->count);
    assert_int_equal(VirtioPciEnableQueue(&pci.device, &past_table, &notify), STATUS_NOT_SUPPORTED);
    assert_int_equal(pci.device.reason, VIRTIO_REASON_VECTOR_REFUSED);
    assert_int_equal(VirtioPciSetConfigVector(&pci.device, 2), STATUS_NOT_SUPPORTED);
    assert_int_equal(VirtioPciSetConfigVector(&pci.device, 0x800), STATUS_NOT_SUPPORTED);
    assert_int_equal(fake_log_find(pci.log, 0, FAKE_COMMON, true, VIRTIO_COMMON_QUEUE_ENABLE, &one), pci.log->count);
    size_t count = pci.log->count;
    assert_int_equal(VirtioPciQueueSize(&pci.device, 1, &size), STATUS_SUCCESS);
    assert_int_equal(size, 0);
    assert_int_equal(pci.log->count, count);
    pci_check_log(&pci);
    pci_end(&pci);
}

/* HOST-12: the detail tells size and index. */
static void test_size_detail(void **unused)
{
    struct pci pci;
    UINT16 size;
    (void)unused;
    pci_make(&pci, &(struct fake_options){.queue_count = 3, .fault = "queue-size=1000"});
    to_features_ok(&pci);
    assert_int_equal(VirtioPciQueueSize(&pci.device, 2, &size), STATUS_NOT_SUPPORTED);
    assert_int_equal(size, 0);
    assert_int_equal(pci.device.reason_detail, 1000 << 16 | 2);
    pci_end(&pci);
}

/* PCI-39, PCI-41, PCI-43, INIT-27: where and what a kick writes, with each multiplier, in order and backwards. */
static void test_kicks(void **unused)
{
    static const int multipliers[] = {-1, 2, 4, 4096};
    struct fake_queue_view view;
    struct pci pci;
    (void)unused;
    for (unsigned round = 0; round < 8; round++) {
        volatile UINT8 *notify[4];
        pci_make(&pci, &(struct fake_options){.queue_count = 4,
                                              .notify_multiplier = multipliers[round / 2],
                                              .permute_notify = round % 2 != 0});
        to_features_ok(&pci);
        for (UINT16 i = 0; i < 4; i++) {
            VIRTIO_PCI_QUEUE_SETUP setup = {i, 64, 0x10000, 0x20000, 0x30000, VIRTIO_PCI_NO_VECTOR};
            assert_int_equal(VirtioPciEnableQueue(&pci.device, &setup, &notify[i]), STATUS_SUCCESS);
        }
        assert_int_equal(VirtioPciDriverOk(&pci.device), STATUS_SUCCESS);
        for (UINT16 i = 0; i < 4; i++) {
            VirtioPciNotify(notify[i], i);
            fake_queue_look(pci.fake, i, &view);
            assert_int_equal(view.notifies, 1);
        }
        assert_int_equal(fake_log_count(pci.log, FAKE_NOTIFY, true), 4);
        pci_check_log(&pci);
        pci_end(&pci);
    }
}

/* PCI-33, PCI-35: vectors are gone after a reset and are written again at the next start; PCI-19 over both. */
static void test_vectors_after_reset(void **unused)
{
    struct fake_queue_view view;
    struct pci pci;
    (void)unused;
    pci_make_fault(&pci, NULL);
    for (unsigned start = 0; start < 2; start++) {
        assert_int_equal(pci_bring_up(&pci, PCI_MSIX), STATUS_SUCCESS);
        fake_queue_look(pci.fake, 0, &view);
        assert_int_equal(view.vector, 0);
        fake_interrupt(pci.fake, -1);
        assert_true(fake_msix_take(pci.fake, 1));
        assert_int_equal(VirtioPciReset(&pci.device), STATUS_SUCCESS);
        fake_queue_look(pci.fake, 0, &view);
        assert_int_equal(view.vector, VIRTIO_PCI_NO_VECTOR);
    }
    /* PCI-22: nobody read ISR */
    assert_int_equal(fake_log_count(pci.log, FAKE_ISR, false), 0);
    pci_check_log(&pci);
    /* PCI-35: unmapping cannot be refused */
    assert_int_equal(VirtioPciSetConfigVector(&pci.device, VIRTIO_PCI_NO_VECTOR), STATUS_SUCCESS);
    pci_end(&pci);
}

/* PCI-46, PCI-47: one read tells both causes, clears them and lowers the line; then it is somebody else's interrupt. */
static void test_isr(void **unused)
{
    struct pci pci;
    (void)unused;
    pci_make_fault(&pci, NULL);
    assert_int_equal(pci_bring_up(&pci, PCI_INTX), STATUS_SUCCESS);
    for (unsigned causes = 1; causes < 4; causes++) {
        if ((causes & VIRTIO_PCI_ISR_QUEUE) != 0) {
            fake_interrupt(pci.fake, 0);
        }
        if ((causes & VIRTIO_PCI_ISR_CONFIG) != 0) {
            fake_interrupt(pci.fake, -1);
        }
        assert_true(fake_line_level(pci.fake));
        assert_int_equal(VirtioPciReadIsr(&pci.device), causes);
        assert_false(fake_line_level(pci.fake));
        assert_int_equal(VirtioPciReadIsr(&pci.device), 0);
    }
    assert_int_equal(fake_log_count(pci.log, FAKE_ISR, false), 3 * 2); /* one register read a call */
    pci_check_log(&pci);
    pci_end(&pci);
}

/* HOST-09: an interrupt after the reset changes nothing for the next start. */
static void test_late_interrupt(void **unused)
{
    struct pci pci;
    (void)unused;
    pci_make_fault(&pci, "interrupt-late");
    assert_int_equal(pci_bring_up(&pci, PCI_INTX), STATUS_SUCCESS);
    assert_int_equal(VirtioPciReset(&pci.device), STATUS_SUCCESS);
    assert_int_equal(VirtioPciReadIsr(&pci.device), 3);
    assert_int_equal(pci_bring_up(&pci, PCI_INTX), STATUS_SUCCESS);
    pci_end(&pci);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_failure_is_told),
        cmocka_unit_test(test_programming),
        cmocka_unit_test(test_bad_setups),
        cmocka_unit_test(test_size_detail),
        cmocka_unit_test(test_kicks),
        cmocka_unit_test(test_vectors_after_reset),
        cmocka_unit_test(test_isr),
        cmocka_unit_test(test_late_interrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
