/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * HOST-15: random configuration spaces. The fake device's driver side aborts on a read outside of the space, a mapping
 * outside of a BAR and an access outside of a mapping; here it only has to be asked often.
 */
#include "pci_fixture.h"

#include <stdlib.h>

enum { ROUNDS = 20000 };

static uint64_t random_state = 0x2545F4914F6CDD1D;

static uint32_t random_number(void)
{
    random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(random_state >> 33);
}

/* Three kinds of damage: a few bytes, a few fields of the list, everything behind the header. */
static void damage(uint8_t *config)
{
    static const uint8_t interesting[] = {0, 1, 2, 3, 4, 5, 6, 9, 0x0F, 0x10, 0x11, 0x14, 0x40, 0x44, 0x80, 0xFC, 0xFF};
    unsigned kind = random_number() % 4;
    unsigned count = kind == 3 ? 192 : 1 + random_number() % 12;
    for (unsigned i = 0; i < count; i++) {
        unsigned at = kind == 3 ? 0x40 + i : kind == 2 ? random_number() % 256 : 0x40 + random_number() % 112;
        config[at] =
            random_number() % 2 != 0 ? interesting[random_number() % sizeof(interesting)] : (uint8_t)random_number();
    }
    if (kind == 3 && random_number() % 2 != 0) {
        config[6] |= 0x10;
        config[0x34] = (uint8_t)random_number();
    }
}

static void test_configuration_spaces(void **unused)
{
    unsigned found = 0, refused = 0;
    (void)unused;
    for (unsigned round = 0; round < ROUNDS; round++) {
        VIRTIO_PCI_CAPS caps;
        struct pci pci;
        pci_make(&pci, &(struct fake_options){.type = "echo", .no_log = round % 64 != 0});
        damage(fake_config_bytes(pci.fake));
        if (VirtioPciFindCaps(&fake_driver_ops, pci.fake, &caps) == VIRTIO_REASON_NONE) {
            found++;
            assert_true(caps.common.offset % 4 == 0 && caps.common.length >= VIRTIO_COMMON_LENGTH);
            assert_true(caps.common.offset + (uint64_t)caps.common.length <=
                        fake_bar_length(pci.fake, caps.common.bar));
            assert_true(caps.notify.offset + (uint64_t)caps.notify.length <=
                        fake_bar_length(pci.fake, caps.notify.bar));
        } else {
            refused++;
            assert_int_equal(caps.common.length, 0);
        }
        if (round % 64 == 0) {
            assert_true(pci.log->count < 2000);
        }
        pci_bring_up(&pci, PCI_INTX);
        if (NT_SUCCESS(pci.status)) {
            VirtioPciNotify(pci.notify, 0);
        }
        pci_end(&pci);
    }
    assert_true(found > ROUNDS / 10 && refused > ROUNDS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_configuration_spaces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
