/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Status, features, reset and device configuration. Each test names its rows of docs/conformance.md. */
#include "pci_fixture.h"

#include <string.h>

static void expect_status_writes(const struct pci *pci, const char *expected)
{
    char text[160];
    pci_status_writes(pci, text, sizeof(text));
    assert_string_equal(text, expected);
}

/* INIT-01, INIT-02, INIT-19, INIT-24, INIT-27: the order, with and without vectors; the checker holds the details. */
static void test_order(void **unused)
{
    struct pci pci;
    (void)unused;
    for (unsigned vectors = PCI_INTX; vectors <= PCI_MSIX; vectors++) {
        pci_make_fault(&pci, NULL);
        assert_int_equal(pci_bring_up(&pci, (enum pci_vectors)vectors), STATUS_SUCCESS);
        VirtioPciNotify(pci.notify, 0);
        expect_status_writes(&pci, "00 01 03 0b 0f");
        assert_int_equal(pci.capacity, (1 << 20) / 512);
        assert_int_equal(fake_status(pci.fake), 0x0F);
        pci_check_log(&pci);
        pci_end(&pci);
    }
}

struct row {
    const char *id;
    const char *fault;
    VIRTIO_REASON reason;
    const char *status_writes;
};

/* Where Negotiate gives up, FAILED is there twice: it says so itself, and pci_bring_up for all steps does. */
static const struct row rows[] = {
    {"INIT-11, INIT-33", "no-version-1", VIRTIO_REASON_NO_VERSION_1, "00 01 03 83 83"},
    {"INIT-23", "features-refused", VIRTIO_REASON_FEATURES_REFUSED, "00 01 03 0b 83 83"},
    {"INIT-12", "offer-or", VIRTIO_REASON_NONE, "00 01 03 0b 0f"},
    {"INIT-13, PCI-18", "reset-reads=1", VIRTIO_REASON_NONE, "00 01 03 0b 0f"},
    {"INIT-13, PCI-18", "reset-reads=20", VIRTIO_REASON_NONE, "00 01 03 0b 0f"},
    {"INIT-13, PCI-18", "reset-us=100", VIRTIO_REASON_NONE, "00 01 03 0b 0f"},
    {"INIT-13, PCI-18", "reset-us=500000", VIRTIO_REASON_NONE, "00 01 03 0b 0f"},
    {"HOST-17", "generation-each", VIRTIO_REASON_CONFIG_UNSTABLE, "00 01 03 0b 8b"},
    {"HOST-17", "generation-never", VIRTIO_REASON_NONE, "00 01 03 0b 0f"},
    {"INIT-05, HOST-21", "needs-reset=4", VIRTIO_REASON_DEVICE_NEEDS_RESET, "00 01 03 0b 0f cf"},
    {"HOST-08", "interrupt-early", VIRTIO_REASON_NONE, "00 01 03 0b 0f"},
    {"HOST-11", "offer-changes", VIRTIO_REASON_NONE, "00 01 03 0b 0f"},
};

static void test_rows(void **unused)
{
    struct pci pci;
    (void)unused;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        pci_expect(rows[i].fault, rows[i].reason);
        pci_make_fault(&pci, rows[i].fault);
        pci_bring_up(&pci, PCI_MSIX);
        expect_status_writes(&pci, rows[i].status_writes);
        pci_end(&pci);
    }
}

/* HOST-10: a reset that never ends ends here, within its bound, and nothing else is touched meanwhile. */
static void test_reset_stuck(void **unused)
{
    struct pci pci;
    (void)unused;
    pci_make_fault(&pci, "reset-stuck");
    assert_int_equal(pci_bring_up(&pci, PCI_INTX), STATUS_IO_TIMEOUT);
    assert_int_equal(pci.device.reason, VIRTIO_REASON_RESET_TIMEOUT);
    assert_true(fake_clock_us(pci.fake) >= VIRTIO_PCI_RESET_TIMEOUT_US);
    assert_true(fake_clock_us(pci.fake) < 2 * VIRTIO_PCI_RESET_TIMEOUT_US);
    pci_end(&pci);
}

/* INIT-06, INIT-09, INIT-12, INIT-32, INIT-41: all 128 bits on offer, only the whitelist is taken. */
static void test_whitelist(void **unused)
{
    struct pci pci;
    (void)unused;
    pci_make_fault(&pci, "offer-all");
    pci_bring_up(&pci, PCI_INTX);
    assert_int_equal(pci.status, STATUS_SUCCESS);
    assert_true(fake_driver_features(pci.fake) == (PCI_WANTED | VIRTIO_F_VERSION_1));
    assert_true(pci.device.features == fake_driver_features(pci.fake));
    assert_true(pci.device.offered_features == UINT64_MAX);
    pci_check_log(&pci);
    pci_end(&pci);
}

/* INIT-06, INIT-07, INIT-08, INIT-10, HOST-11: random offers; what is taken was offered and has what it needs. */
static void test_random_offers(void **unused)
{
    uint64_t random = 0x1234567;
    struct pci pci;
    (void)unused;
    for (unsigned round = 0; round < 500; round++) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        uint64_t offer = (random ^ random << 29) | VIRTIO_F_VERSION_1;
        pci_make(&pci, &(struct fake_options){.features = offer});
        assert_int_equal(pci_bring_up(&pci, PCI_INTX), STATUS_SUCCESS);
        uint64_t taken = fake_driver_features(pci.fake);
        uint64_t expected = offer & (PCI_WANTED | VIRTIO_F_VERSION_1);
        if ((expected & (1 << 9)) == 0) {
            expected &= ~(uint64_t)(1 << 13);
        }
        if ((expected & (1 << 13)) == 0) {
            expected &= ~(uint64_t)(1 << 14);
        }
        assert_true(taken == expected);
        pci_check_log(&pci);
        pci_end(&pci);
    }
}

/* INIT-11: a required feature, or what it needs, is not on offer; the detail is its number. */
static void test_required(void **unused)
{
    static const VIRTIO_FEATURE_DEPENDENCY needs[] = {{1ULL << 14, 1ULL << 13}};
    static const VIRTIO_FEATURE_REQUEST request = {1ULL << 13, 1ULL << 14, needs, 1};
    static const char *const faults[] = {"offer-not=0x4000", "offer-not=0x2000", NULL};
    struct pci pci;
    (void)unused;
    for (unsigned i = 0; i < 3; i++) {
        pci_make_fault(&pci, faults[i]);
        assert_int_equal(VirtioPciOpen(&pci.device, &fake_driver_ops, pci.fake), STATUS_SUCCESS);
        assert_int_equal(VirtioPciReset(&pci.device), STATUS_SUCCESS);
        NTSTATUS status = VirtioPciNegotiate(&pci.device, &request);
        if (faults[i] == NULL) {
            assert_int_equal(status, STATUS_SUCCESS);
            assert_true(pci.device.features == ((3ULL << 13) | VIRTIO_F_VERSION_1));
        } else {
            assert_int_equal(status, STATUS_NOT_SUPPORTED);
            assert_int_equal(pci.device.reason, VIRTIO_REASON_FEATURE_MISSING);
            assert_int_equal(pci.device.reason_detail, 14);
            expect_status_writes(&pci, "00 01 03 83");
        }
        pci_end(&pci);
    }
}

/* INIT-03: after FAILED comes a reset, and then the device works. INIT-26: nothing in between. */
static void test_restart_after_failure(void **unused)
{
    struct pci pci;
    (void)unused;
    pci_make_fault(&pci, "vector-refused=1");
    assert_int_equal(pci_bring_up(&pci, PCI_MSIX), STATUS_NOT_SUPPORTED);
    assert_int_equal(pci_bring_up(&pci, PCI_MSIX), STATUS_SUCCESS);
    expect_status_writes(&pci, "00 01 03 0b 8b 00 01 03 0b 0f");
    pci_check_log(&pci);
    pci_end(&pci);
}

/* INIT-14, INIT-15: the field changes at any of the reads; never half old, half new. */
static void test_config_changes(void **unused)
{
    static const VIRTIO_CONFIG_FIELD capacity = {0, 8};
    struct pci pci;
    (void)unused;
    for (unsigned nth = 1; nth <= 4; nth++) {
        char fault[40];
        UINT64 value;
        size_t length;
        snprintf(fault, sizeof(fault), "generation-once=%u", nth);
        pci_make_fault(&pci, fault);
        const uint8_t *config = fake_type_config(pci.fake, &length);
        assert_int_equal(VirtioPciOpen(&pci.device, &fake_driver_ops, pci.fake), STATUS_SUCCESS);
        assert_int_equal(VirtioPciReadConfig(&pci.device, &capacity, 1, &value), STATUS_SUCCESS);
        if (nth <= 2) {
            assert_memory_equal(&value, config, 8); /* the new value: read again */
            assert_int_equal(fake_log_count(pci.log, FAKE_TYPE, false), 4);
        } else {
            assert_int_equal(value, (1 << 20) / 512);
        }
        pci_check_log(&pci);
        pci_end(&pci);
    }
}

/* HOST-17: a bounded number of tries; outputs are zero. */
static void test_config_unstable(void **unused)
{
    static const VIRTIO_CONFIG_FIELD fields[] = {{0, 8}, {12, 4}, {24, 1}, {26, 2}};
    UINT64 values[4] = {1, 1, 1, 1};
    struct pci pci;
    (void)unused;
    pci_make_fault(&pci, "generation-each");
    assert_int_equal(VirtioPciOpen(&pci.device, &fake_driver_ops, pci.fake), STATUS_SUCCESS);
    assert_int_equal(VirtioPciReadConfig(&pci.device, fields, 4, values), STATUS_IO_TIMEOUT);
    assert_int_equal(pci.device.reason, VIRTIO_REASON_CONFIG_UNSTABLE);
    assert_int_equal(fake_log_count(pci.log, FAKE_TYPE, false), 5 * VIRTIO_PCI_GENERATION_TRIES);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(values[i], 0);
    }
    pci_end(&pci);
}

/* PCI-05, PCI-06, INIT-16: each width, a 64-bit field as two dwords, no field that was not asked for. */
static void test_config_widths(void **unused)
{
    static const VIRTIO_CONFIG_FIELD fields[] = {{26, 2}, {0, 8}, {24, 1}, {12, 4}};
    UINT64 values[4];
    struct pci pci;
    (void)unused;
    pci_make_fault(&pci, "blk-capacity=0x1122334455667788");
    assert_int_equal(VirtioPciOpen(&pci.device, &fake_driver_ops, pci.fake), STATUS_SUCCESS);
    assert_int_equal(VirtioPciReadConfig(&pci.device, fields, 4, values), STATUS_SUCCESS);
    assert_int_equal(values[0], 8);
    assert_true(values[1] == 0x1122334455667788);
    assert_int_equal(values[2], 3);
    assert_int_equal(values[3], 126);
    assert_int_equal(fake_log_count(pci.log, FAKE_TYPE, false), 5);
    pci_check_log(&pci);
    pci_end(&pci);
}

/* INIT-18: fields outside of the structure, misaligned ones and odd widths are refused without an access. */
static void test_config_bounds(void **unused)
{
    static const VIRTIO_CONFIG_FIELD bad[] = {{94, 4}, {96, 1}, {92, 8}, {0xFFFE, 4}, {2, 4},
                                              {1, 2},  {2, 8},  {0, 3},  {0, 0}};
    static const VIRTIO_CONFIG_FIELD last[] = {{95, 1}, {94, 2}, {92, 4}};
    struct pci pci;
    UINT64 value;
    (void)unused;
    pci_make_fault(&pci, NULL);
    assert_int_equal(VirtioPciOpen(&pci.device, &fake_driver_ops, pci.fake), STATUS_SUCCESS);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        value = 1;
        assert_int_equal(VirtioPciReadConfig(&pci.device, &bad[i], 1, &value), STATUS_INVALID_PARAMETER);
        assert_int_equal(pci.device.reason, VIRTIO_REASON_CAP_DEVICE_MISSING);
        assert_int_equal(pci.device.reason_detail, bad[i].offset);
        assert_int_equal(value, 0);
    }
    assert_int_equal(fake_log_count(pci.log, FAKE_TYPE, false), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(VirtioPciReadConfig(&pci.device, &last[i], 1, &value), STATUS_SUCCESS);
    }
    pci_end(&pci);
}

/* HOST-16: gone at the n-th access, for each n of a whole bring-up: it ends, and with that reason. */
static void test_gone_at_any_access(void **unused)
{
    struct pci pci;
    unsigned nth = 1;
    (void)unused;
    for (;; nth++) {
        char fault[40];
        snprintf(fault, sizeof(fault), "gone=%u", nth);
        pci_make_fault(&pci, fault);
        pci_bring_up(&pci, PCI_MSIX);
        assert_true(fake_clock_us(pci.fake) < 100);
        if (NT_SUCCESS(pci.status)) {
            break;
        }
        assert_int_equal(pci.device.reason, VIRTIO_REASON_DEVICE_GONE);
        assert_int_equal(pci.status, STATUS_DEVICE_NOT_CONNECTED);
        pci_end(&pci);
    }
    assert_true(nth > 40);
    /* afterwards, when it goes while in use */
    fake_remove(pci.fake);
    assert_int_equal(VirtioPciReadIsr(&pci.device), 0xFF);
    assert_int_equal(VirtioPciStatus(&pci.device), VIRTIO_STATUS_GONE);
    assert_int_equal(VirtioPciReset(&pci.device), STATUS_DEVICE_NOT_CONNECTED);
    VirtioPciFail(&pci.device);
    pci_end(&pci);
}

/* HOST-16: all ones are not taken for a configuration, although both readings of its generation agree. */
static void test_gone_while_reading_config(void **unused)
{
    static const VIRTIO_CONFIG_FIELD capacity = {0, 8};
    struct pci pci;
    UINT64 value = 1;
    (void)unused;
    pci_make_fault(&pci, NULL);
    assert_int_equal(VirtioPciOpen(&pci.device, &fake_driver_ops, pci.fake), STATUS_SUCCESS);
    fake_remove(pci.fake);
    assert_int_equal(VirtioPciReadConfig(&pci.device, &capacity, 1, &value), STATUS_DEVICE_NOT_CONNECTED);
    assert_int_equal(pci.device.reason, VIRTIO_REASON_DEVICE_GONE);
    assert_int_equal(value, 0);
    pci_end(&pci);
}

/* The whole fault table: whatever the device does, bring-up and stop end; legal oddities do not hinder it. */
static void test_every_fault(void **unused)
{
    struct pci pci;
    (void)unused;
    for (size_t i = 0; i < fake_fault_count; i++) {
        for (unsigned vectors = PCI_INTX; vectors <= PCI_MSIX; vectors++) {
            pci_make_fault(&pci, fake_faults[i].name);
            pci_bring_up(&pci, (enum pci_vectors)vectors);
            if (fake_faults[i].legal && !NT_SUCCESS(pci.status)) {
                fail_msg("%s: %s", fake_faults[i].name, VirtioReasonText(pci.device.reason));
            }
            pci_check_log(&pci);
            pci_end(&pci);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_reset_stuck),
        cmocka_unit_test(test_whitelist),
        cmocka_unit_test(test_random_offers),
        cmocka_unit_test(test_required),
        cmocka_unit_test(test_restart_after_failure),
        cmocka_unit_test(test_config_changes),
        cmocka_unit_test(test_config_unstable),
        cmocka_unit_test(test_config_widths),
        cmocka_unit_test(test_config_bounds),
        cmocka_unit_test(test_gone_at_any_access),
        cmocka_unit_test(test_gone_while_reading_config),
        cmocka_unit_test(test_every_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
