/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The capability walk and the mapping of what it finds. Each row names its line of docs/conformance.md. */
#include "pci_fixture.h"

#include <string.h>

struct row {
    const char *id;
    const char *fault;
    VIRTIO_REASON reason;
};

static const struct row rows[] = {
    {"PCI-07", "caps-reserved-types", VIRTIO_REASON_NONE},
    {"PCI-08", "caps-misaligned-first", VIRTIO_REASON_NONE},
    {"PCI-09", "cap-len", VIRTIO_REASON_NONE},
    {"PCI-09", "cap-len=255", VIRTIO_REASON_NONE},
    {"PCI-10", "caps-reserved-bar", VIRTIO_REASON_NONE},
    {"PCI-12", "length-huge", VIRTIO_REASON_NONE},
    {"PCI-12", "length-huge=0xFFFFFFFF", VIRTIO_REASON_NONE},
    {"PCI-13", "common-short", VIRTIO_REASON_CAP_COMMON_MISSING},
    {"PCI-13", "common-55", VIRTIO_REASON_CAP_COMMON_MISSING},
    {"PCI-13", "common-short=56", VIRTIO_REASON_NONE},
    {"PCI-23, PCI-24", "caps-vendor-data", VIRTIO_REASON_NONE},
    {"PCI-28", "caps-none", VIRTIO_REASON_LEGACY_ONLY},
    {"PCI-28", "caps-legacy", VIRTIO_REASON_LEGACY_ONLY},
    {"PCI-03", "revision=0", VIRTIO_REASON_NONE},
    {"PCI-03", "revision=1", VIRTIO_REASON_NONE},
    {"PCI-03", "revision=255", VIRTIO_REASON_NONE},
    {"PCI-04", "subsystem", VIRTIO_REASON_NONE},
    {"PCI-01", "caps-other-vendor", VIRTIO_REASON_NOT_A_VIRTIO_DEVICE},
    {"HOST-15", "caps-loop", VIRTIO_REASON_CAP_LIST_MALFORMED},
    {"HOST-15", "caps-self", VIRTIO_REASON_CAP_LIST_MALFORMED},
    {"HOST-15", "caps-low", VIRTIO_REASON_CAP_LIST_MALFORMED},
    {"HOST-15", "caps-low-bits", VIRTIO_REASON_NONE},
    {"HOST-15", "caps-absent-bar", VIRTIO_REASON_NONE},
    {"HOST-15", "caps-misaligned", VIRTIO_REASON_CAP_COMMON_MISSING},
    {"HOST-15", "caps-overflow", VIRTIO_REASON_CAP_COMMON_MISSING},
    {"HOST-15", "caps-outside", VIRTIO_REASON_CAP_COMMON_MISSING},
    {"HOST-15", "caps-tail", VIRTIO_REASON_NONE},
    {"HOST-15", "caps-no-common", VIRTIO_REASON_CAP_COMMON_MISSING},
    {"HOST-15", "caps-no-notify", VIRTIO_REASON_CAP_NOTIFY_MISSING},
    {"HOST-15", "caps-no-isr", VIRTIO_REASON_CAP_ISR_MISSING},
    {"HOST-15", "caps-no-type", VIRTIO_REASON_CAP_DEVICE_MISSING},
    {"HOST-15", "cap-len-small", VIRTIO_REASON_CAP_COMMON_MISSING},
    {"HOST-15", "cap-len-no-multiplier", VIRTIO_REASON_CAP_NOTIFY_MISSING},
    {"HOST-14", "notify-empty", VIRTIO_REASON_CAP_NOTIFY_MISSING},
    {"HOST-14", "notify-length=1", VIRTIO_REASON_CAP_NOTIFY_MISSING},
    {"HOST-14", "notify-length=2", VIRTIO_REASON_NONE},
    {"HOST-16", "caps-all-ones", VIRTIO_REASON_DEVICE_GONE},
    {"INIT-17", "type-length=96", VIRTIO_REASON_NONE},
    {"INIT-17", "type-length=256", VIRTIO_REASON_NONE},
    {"INIT-17", "type-length=4096", VIRTIO_REASON_NONE},
    {"INIT-17", "bar-16m,type-length=0x100000", VIRTIO_REASON_NONE},
    {"INIT-18", "type-short=4", VIRTIO_REASON_CAP_DEVICE_MISSING},
    {"INIT-18", "type-short=7", VIRTIO_REASON_CAP_DEVICE_MISSING},
    {"INIT-18", "type-short=8", VIRTIO_REASON_NONE},
};

static void test_rows(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        pci_expect(rows[i].fault, rows[i].reason);
    }
}

/* PCI-08: of two notification structures the first is kicked; the log checker knows the right place. */
static void test_first_instance(void **unused)
{
    struct pci pci;
    (void)unused;
    pci_make_fault(&pci, "caps-twice");
    assert_int_equal(pci_bring_up(&pci, PCI_INTX), STATUS_SUCCESS);
    VirtioPciNotify(pci.notify, 0);
    assert_int_equal(fake_log_count(pci.log, FAKE_NOTIFY, true), 1);
    pci_check_log(&pci);
    pci_end(&pci);
}

/* PCI-11: whatever the lengths say, little is mapped. */
static void test_mapped_sizes(void **unused)
{
    static const char *const faults[] = {"bar-16m,length-huge=0x1000000", "bar-16m=0x10000000,length-huge"};
    static const uint64_t most[] = {VIRTIO_COMMON_LENGTH, VIRTIO_PCI_NOTIFY_MAP_MAX, 1, VIRTIO_PCI_CONFIG_MAP_MAX};
    struct pci pci;
    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        unsigned maps = 0;
        pci_make_fault(&pci, faults[i]);
        assert_int_equal(pci_bring_up(&pci, PCI_INTX), STATUS_SUCCESS);
        for (size_t at = 0; at < pci.log->count; at++) {
            if (pci.log->access[at].region == FAKE_MAP) {
                assert_true(pci.log->access[at].value <= most[maps++]);
            }
        }
        assert_int_equal(maps, 4);
        pci_end(&pci);
    }
}

/* PCI-27: the list is read before a BAR is touched. PCI-14, PCI-25: no byte of the space is written. */
static void test_walk_comes_first(void **unused)
{
    struct pci pci;
    (void)unused;
    pci_make_fault(&pci, NULL);
    assert_int_equal(pci_bring_up(&pci, PCI_INTX), STATUS_SUCCESS);
    assert_int_equal(pci.log->access[0].region, FAKE_CONFIG);
    assert_int_equal(fake_log_count(pci.log, FAKE_CONFIG, true), 0);
    pci_check_log(&pci);
    pci_end(&pci);
    /* PCI-28: a legacy device's BARs are left alone */
    pci_make_fault(&pci, "caps-legacy");
    pci_bring_up(&pci, PCI_INTX);
    assert_int_equal(fake_log_count(pci.log, FAKE_MAP, false) + fake_log_count(pci.log, FAKE_HOLE, true) +
                         fake_log_count(pci.log, FAKE_COMMON, true),
                     0);
    pci_end(&pci);
}

/* PCI-02: transitional ids are driven through their modern capabilities. Any BAR, any place in it. */
static void test_places(void **unused)
{
    struct pci pci;
    (void)unused;
    for (int bar = 1; bar <= 5; bar++) {
        for (uint32_t offset = 0; offset < 0x100000; offset = 3 * offset + 4) {
            pci_make(&pci, &(struct fake_options){.pci_device_id = 0x1001, .bar = bar, .offset = offset});
            assert_int_equal(pci_bring_up(&pci, PCI_INTX), STATUS_SUCCESS);
            assert_int_equal(pci.device.caps.pci_device_id, 0x1001);
            assert_int_equal(pci.device.caps.common.offset, offset);
            assert_int_equal(pci.device.caps.common.bar, bar);
            pci_check_log(&pci);
            pci_end(&pci);
        }
    }
}

/* PCI-29: table sizes from 1 to 2048, and none. */
static void test_msix_sizes(void **unused)
{
    static const int sizes[] = {-1, 1, 2, 3, 2048};
    struct pci pci;
    (void)unused;
    for (unsigned i = 0; i < 5; i++) {
        pci_make(&pci, &(struct fake_options){.msix_vectors = sizes[i]});
        assert_int_equal(pci_bring_up(&pci, PCI_INTX), STATUS_SUCCESS);
        assert_int_equal(pci.device.caps.has_msix, sizes[i] > 0);
        assert_int_equal(pci.device.caps.msix_table_size, sizes[i] > 0 ? sizes[i] : 0);
        pci_end(&pci);
    }
}

/* HOST-15: an MSI-X capability whose body would leave the space is none. The first one counts. */
static void test_msix_at_the_end(void **unused)
{
    struct pci pci;
    (void)unused;
    for (unsigned good = 0; good < 2; good++) {
        VIRTIO_PCI_CAPS caps;
        pci_make(&pci, &(struct fake_options){.msix_vectors = good != 0 ? 3 : -1});
        uint8_t *config = fake_config_bytes(pci.fake);
        unsigned last = config[0x34];
        while (config[last + 1] != 0) {
            last = config[last + 1];
        }
        config[last + 1] = 0xFC;
        config[0xFC] = PCI_CAP_ID_MSIX;
        config[0xFE] = 7;
        assert_int_equal(VirtioPciFindCaps(&fake_driver_ops, pci.fake, &caps), VIRTIO_REASON_NONE);
        assert_int_equal(caps.has_msix, good);
        assert_int_equal(caps.msix_table_size, good != 0 ? 3 : 0);
        pci_end(&pci);
    }
}

/* A full list, 48 capabilities end to end, is no loop; one pointer more is. */
static void test_longest_list(void **unused)
{
    struct pci pci;
    (void)unused;
    for (unsigned more = 0; more < 2; more++) {
        VIRTIO_PCI_CAPS caps;
        pci_make_fault(&pci, NULL);
        uint8_t *config = fake_config_bytes(pci.fake);
        config[0x34] = 0x40;
        for (unsigned at = 0x40; at < 0x100; at += 4) {
            config[at] = 0x01;
            config[at + 1] = (uint8_t)(at + 4);
        }
        config[0xFD] = more != 0 ? 0x40 : 0;
        assert_int_equal(VirtioPciFindCaps(&fake_driver_ops, pci.fake, &caps),
                         more != 0 ? VIRTIO_REASON_CAP_LIST_MALFORMED : VIRTIO_REASON_LEGACY_ONLY);
        assert_true(pci.log->count < 1000);
        pci_end(&pci);
    }
}

/* Each read of configuration space and each mapping fails in turn. */
static void test_failing_seams(void **unused)
{
    struct pci pci;
    unsigned reads = 0;
    (void)unused;
    for (unsigned nth = 1;; nth++) {
        pci_make_fault(&pci, NULL);
        fake_driver_fail(pci.fake, 0, nth);
        pci_bring_up(&pci, PCI_INTX);
        if (NT_SUCCESS(pci.status)) {
            pci_end(&pci);
            break;
        }
        reads++;
        assert_int_equal(pci.device.reason, VIRTIO_REASON_CONFIG_SPACE_UNREADABLE);
        assert_int_equal(pci.device.caps.common.length, 0);
        pci_end(&pci);
    }
    assert_true(reads >= 7 && reads < 64);
    for (unsigned nth = 1; nth <= 4; nth++) {
        pci_make_fault(&pci, NULL);
        fake_driver_fail(pci.fake, nth, 0);
        assert_int_equal(pci_bring_up(&pci, PCI_INTX), STATUS_NOT_SUPPORTED);
        assert_int_equal(pci.device.reason, VIRTIO_REASON_BAR_MAP_FAILED);
        assert_int_equal(fake_log_count(pci.log, FAKE_COMMON, true), 0);
        pci_end(&pci);
    }
}

/* Which BARs of a header hold memory, and where: I/O, 32-bit, 64-bit with its upper half, and a 64-bit one cut off. */
static void test_bar_addresses(void **state)
{
    static const UINT8 bars[24] = {
        0x41, 0xC0, 0x00, 0x00,                         /* 0: I/O ports */
        0x08, 0x00, 0x00, 0xFE,                         /* 1: 32 bits, prefetchable */
        0x0C, 0x40, 0x00, 0x80, 0x05, 0x00, 0x00, 0x00, /* 2 and 3: 64 bits; the upper half looks like I/O ports */
        0x00, 0x00, 0x00, 0x00,                         /* 4: unused */
        0x04, 0x00, 0x00, 0xD0,                         /* 5: 64 bits without an upper half */
    };
    static const UINT64 expected[6] = {0, 0xFE000000u, 0x580004000ULL, 0, 0, 0};
    UINT8 config[64] = {0};
    UINT8 i;

    (void)state;
    memcpy(config + 0x10, bars, sizeof(bars));
    for (i = 0; i < 6; i++) {
        assert_int_equal(VirtioPciBarAddress(config, i), expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_first_instance),
        cmocka_unit_test(test_mapped_sizes),
        cmocka_unit_test(test_walk_comes_first),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_msix_sizes),
        cmocka_unit_test(test_msix_at_the_end),
        cmocka_unit_test(test_longest_list),
        cmocka_unit_test(test_failing_seams),
        cmocka_unit_test(test_bar_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
