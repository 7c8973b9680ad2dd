/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The control queue against the fake device. */
#include "net_fixture.h"

static NET_FILTER filter_of(struct rig *rig, UINT32 accept, unsigned groups)
{
    static UINT8 list[40][6];
    NET_FILTER filter = {.accept = accept};
    memcpy(filter.mac, rig->device.mac, 6);
    for (unsigned i = 0; i < 40; i++) {
        list[i][0] = 1;
        list[i][5] = (UINT8)i;
    }
    assert_true(NetFilterSetMulticast(&filter, list[0], groups));
    return filter;
}

static NET_CTRL *ctrl_of(struct rig *rig)
{
    return &rig->device.ctrl;
}

/* NET-54: lists of 0, 1 and the most addresses; the modes; overflow becomes all multicast. */
static void test_filters(void **state)
{
    static const unsigned groups[] = {0, 1, NET_MULTICAST_MAX};
    static struct rig rig;
    const struct fake_net_filter *seen;
    NET_FILTER filter;
    (void)state;

    rig_up(&rig, (struct fake_options){0}, NULL);
    seen = fake_net_filter(rig.fake);
    for (unsigned i = 0; i < 3; i++) {
        filter = filter_of(&rig, NET_ACCEPT_DIRECTED | NET_ACCEPT_MULTICAST, groups[i]);
        NetCtrlSetFilter(ctrl_of(&rig), &filter);
        assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
        assert_int_equal(NetCtrlResult(ctrl_of(&rig)), STATUS_SUCCESS);
        assert_int_equal(seen->multicast_count, groups[i]);
        assert_int_equal(seen->unicast_count, 0);
        assert_false(seen->promisc || seen->allmulti);
        for (unsigned n = 0; n < groups[i]; n++) {
            assert_memory_equal(seen->multicast[n], filter.multicast[n], 6);
        }
    }
    filter = filter_of(&rig, NET_ACCEPT_MULTICAST, NET_MULTICAST_MAX + 1);
    NetCtrlSetFilter(ctrl_of(&rig), &filter);
    assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
    assert_true(seen->allmulti && !seen->promisc);
    assert_int_equal(seen->multicast_count, 0);
    filter = filter_of(&rig, NET_ACCEPT_PROMISCUOUS, 3);
    NetCtrlSetFilter(ctrl_of(&rig), &filter);
    assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
    assert_true(seen->promisc && !seen->allmulti);
    assert_int_equal(seen->multicast_count, 0); /* the list does not count without its bit */
    uint64_t commands = seen->commands;
    assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE); /* nothing changed: nothing is sent */
    assert_int_equal(seen->commands, commands);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* Stops and starts; the device has forgotten everything then. */
static void restart(struct rig *rig)
{
    NET_VECTORS vectors;
    NetVectorsPlan(0, 1, &vectors);
    assert_int_equal(NetDeviceStop(&rig->device, VIRTIO_REASON_NONE), STATUS_SUCCESS);
    assert_int_equal(rig_take_back(rig), 0);
    assert_int_equal(NetDeviceStart(&rig->device, &vectors), STATUS_SUCCESS);
}

/* NET-53: another address by command, or through the table where there is no such command. */
static void test_mac(void **state)
{
    static const UINT8 mac[6] = {2, 3, 4, 5, 6, 7};
    (void)state;
    for (int variant = 0; variant < 3; variant++) {
        static struct rig rig;
        const struct fake_net_filter *seen;
        rig_make(&rig, (struct fake_options){.features_off = variant == 1 ? VIRTIO_NET_F_CTRL_MAC_ADDR : 0},
                 variant == 2 ? "net-mac" : NULL); /* HOST-27: a device with a bad address is told ours too */
        rig.options.has_mac = variant != 2;
        memcpy(rig.options.mac, mac, 6);
        assert_int_equal(rig_start(&rig, 0), STATUS_SUCCESS);
        seen = fake_net_filter(rig.fake);
        assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
        if (variant == 1) {
            assert_int_equal(seen->unicast_count, 1);
            assert_memory_equal(seen->unicast[0], mac, 6);
        } else {
            assert_int_equal(seen->unicast_count, 0);
            assert_memory_equal(seen->mac, rig.device.mac, 6);
        }
        assert_int_equal(memcmp(rig.device.mac, mac, 6) == 0, variant != 2);
        restart(&rig); /* NET-75 */
        assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
        assert_memory_equal(variant == 1 ? seen->unicast[0] : seen->mac, rig.device.mac, 6);
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

/* NET-74: with the filter in use exactly the wanted VLANs pass; without, the feature is left alone. */
static void test_vlans(void **state)
{
    static struct rig rig;
    const struct fake_net_filter *seen;
    uint8_t expected[512] = {0};
    (void)state;
    rig_make(&rig, (struct fake_options){0}, NULL);
    rig.options.vlan_filter = TRUE;
    assert_int_equal(rig_start(&rig, 0), STATUS_SUCCESS);
    seen = fake_net_filter(rig.fake);
    NetCtrlSetVlan(ctrl_of(&rig), 100, TRUE);
    NetCtrlSetVlan(ctrl_of(&rig), 4095, TRUE);
    NetCtrlSetVlan(ctrl_of(&rig), 4096, TRUE); /* there is no such one */
    assert_int_equal(rig_control(&rig, 20), NET_CTRL_IDLE);
    expected[0] = 1; /* priority tags */
    expected[12] = 0x10;
    expected[511] = 0x80;
    assert_memory_equal(seen->vlans, expected, 512);
    NetCtrlSetVlan(ctrl_of(&rig), 100, FALSE);
    assert_int_equal(rig_control(&rig, 20), NET_CTRL_IDLE);
    expected[12] = 0;
    assert_memory_equal(seen->vlans, expected, 512);
    for (UINT16 i = 1; i < 50; i++) { /* more than one poll may send */
        NetCtrlSetVlan(ctrl_of(&rig), i, TRUE);
    }
    assert_int_equal(NetCtrlPoll(ctrl_of(&rig), 0), NET_CTRL_BUSY);
    assert_int_equal(rig_control(&rig, 50), NET_CTRL_IDLE);
    assert_int_equal(seen->vlans[6], 3);
    restart(&rig); /* NET-75 */
    assert_int_equal(seen->vlans[6], 0);
    assert_int_equal(rig_control(&rig, 50), NET_CTRL_IDLE);
    assert_int_equal(seen->vlans[6], 3);
    rig_check_rules(&rig);
    rig_end(&rig);

    rig_up(&rig, (struct fake_options){0}, NULL);
    assert_int_equal(rig.device.features & VIRTIO_NET_F_CTRL_VLAN, 0);
    NetCtrlSetVlan(ctrl_of(&rig), 100, TRUE);
    assert_int_equal(rig_control(&rig, 20), NET_CTRL_IDLE);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* NET-50, NET-52, NET-17: without the features, or without the queue, nothing is sent and everything succeeds. */
static void test_without_features(void **state)
{
    static const uint64_t off[] = {VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_CTRL_VQ};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        static struct rig rig;
        NET_FILTER filter;
        rig_up(&rig, (struct fake_options){.features_off = off[i]}, NULL);
        filter = filter_of(&rig, NET_ACCEPT_PROMISCUOUS, 3);
        NetCtrlSetFilter(ctrl_of(&rig), &filter);
        assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
        assert_int_equal(NetCtrlResult(ctrl_of(&rig)), STATUS_SUCCESS);
        assert_int_equal(fake_net_filter(rig.fake)->commands, 0);
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

/* NET-73: any ack but OK is a failure that is reported; a refused list is replaced by a wider mode. */
static void test_refusal(void **state)
{
    static const char *const faults[] = {"net-ctrl-ack=1", "net-ctrl-ack=0xAA", "net-ctrl-ack=-1"};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        static struct rig rig;
        NET_FILTER filter;
        rig_up(&rig, (struct fake_options){0}, faults[i]);
        filter = filter_of(&rig, NET_ACCEPT_DIRECTED | NET_ACCEPT_MULTICAST, 3);
        NetCtrlSetFilter(ctrl_of(&rig), &filter);
        assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
        assert_int_equal(NetCtrlResult(ctrl_of(&rig)), STATUS_IO_DEVICE_ERROR);
        assert_int_equal(ctrl_of(&rig)->stats.refused, ctrl_of(&rig)->stats.commands);
        rig_end(&rig);
    }
}

/* The reply to one command, by hand: the fake is held, its answer forged in the ack byte. */
static void test_table_refused(void **state)
{
    static struct rig rig;
    NET_FILTER filter;
    const struct fake_net_filter *seen;
    (void)state;
    rig_up(&rig, (struct fake_options){.features_off = VIRTIO_NET_F_CTRL_MAC_ADDR, .deferred = true}, NULL);
    seen = fake_net_filter(rig.fake);
    assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
    filter = filter_of(&rig, NET_ACCEPT_DIRECTED | NET_ACCEPT_MULTICAST, 3);
    filter.mac[5] ^= 1;
    NetCtrlSetFilter(ctrl_of(&rig), &filter);
    assert_int_equal(NetCtrlPoll(ctrl_of(&rig), 0), NET_CTRL_BUSY); /* the table is on its way */
    fake_poll(rig.fake, 1);
    uint8_t *command = ctrl_of(&rig)->command.vaddr;
    assert_int_equal(command[0], VIRTIO_NET_CTRL_MAC);
    assert_int_equal(command[2 + 4 + 6 + 4 + 6 * NET_MULTICAST_MAX], 0);
    command[2 + 4 + 6 + 4 + 6 * NET_MULTICAST_MAX] = 1;
    assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
    assert_true(seen->promisc && seen->allmulti);
    assert_int_equal(NetCtrlResult(ctrl_of(&rig)), STATUS_SUCCESS);

    /* the refusal of a list that is out of date already says nothing about the next one */
    NetCtrlSetFilter(ctrl_of(&rig), &filter);
    assert_int_equal(NetCtrlPoll(ctrl_of(&rig), 0), NET_CTRL_BUSY);
    fake_poll(rig.fake, 1);
    command[2 + 4 + 6 + 4 + 6 * NET_MULTICAST_MAX] = 1;
    NetCtrlSetFilter(ctrl_of(&rig), &filter);
    assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
    assert_false(seen->promisc || seen->allmulti);
    assert_int_equal(seen->multicast_count, 3);
    rig_end(&rig);
}

/* HOST-28: no answer: never a wait, broken after the time; the answer that comes late touches nothing. */
static void test_silence(void **state)
{
    static struct rig rig;
    NET_FILTER filter;
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
    fake_net_answer(rig.fake, false);
    filter = filter_of(&rig, NET_ACCEPT_DIRECTED | NET_ACCEPT_MULTICAST, 2);
    NetCtrlSetFilter(ctrl_of(&rig), &filter);
    uint64_t before = fake_clock_us(rig.fake);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(NetCtrlPoll(ctrl_of(&rig), rig.now_ms), NET_CTRL_BUSY);
    }
    assert_int_equal(fake_clock_us(rig.fake), before);
    assert_int_equal(rig_control(&rig, NET_CTRL_TIMEOUT_MS), NET_CTRL_BUSY);
    assert_int_equal(rig_control(&rig, 1), NET_CTRL_BROKEN);
    assert_int_equal(ctrl_of(&rig)->reason, VIRTIO_REASON_REQUEST_TIMEOUT);
    fake_net_answer(rig.fake, true); /* too late */
    assert_int_equal(rig_control(&rig, 1), NET_CTRL_BROKEN);
    NetDeviceBreak(&rig.device, ctrl_of(&rig)->reason, ctrl_of(&rig)->index);
    assert_int_equal(NetDevicePoll(&rig.device), NET_CHANGED_FAULT);
    restart(&rig);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_REQUEST_TIMEOUT);
    /* NET-75: everything is asked for again */
    assert_int_equal(fake_net_filter(rig.fake)->multicast_count, 0);
    assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
    assert_int_equal(fake_net_filter(rig.fake)->multicast_count, 2);
    assert_int_equal(ctrl_of(&rig)->stats.timeouts, 1);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* HOST-28, HOST-02: an answer that comes twice, or for nothing. */
static void test_answers_twice(void **state)
{
    static const char *const faults[] = {"used-twice", "used-id", "used-jump=1"};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        static struct rig rig;
        rig_up(&rig, (struct fake_options){0}, faults[i]);
        assert_int_equal(rig_control(&rig, 10), NET_CTRL_BROKEN);
        assert_int_equal(ctrl_of(&rig)->reason, VIRTIO_REASON_USED_RING_INVALID);
        rig_end(&rig);
    }
}

/* A change while a command is in flight is not lost, nor mixed into it. */
static void test_change_on_the_way(void **state)
{
    static struct rig rig;
    NET_FILTER filter;
    const struct fake_net_filter *seen;
    (void)state;
    rig_up(&rig, (struct fake_options){.deferred = true}, NULL);
    seen = fake_net_filter(rig.fake);
    assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
    filter = filter_of(&rig, NET_ACCEPT_MULTICAST, 5);
    filter.mac[5] ^= 1;
    NetCtrlSetFilter(ctrl_of(&rig), &filter);
    assert_int_equal(NetCtrlPoll(ctrl_of(&rig), 0), NET_CTRL_BUSY); /* ADDR_SET */
    filter.mac[5] ^= 1; /* back to what the device has now, but not when it has done this */
    filter.accept = NET_ACCEPT_PROMISCUOUS;
    NetCtrlSetFilter(ctrl_of(&rig), &filter);
    assert_int_equal(rig_control(&rig, 20), NET_CTRL_IDLE);
    assert_memory_equal(seen->mac, filter.mac, 6);
    assert_true(seen->promisc);
    assert_int_equal(seen->multicast_count, 0);
    rig_check_rules(&rig);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_mac),
        cmocka_unit_test(test_vlans),
        cmocka_unit_test(test_without_features),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_table_refused),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_answers_twice),
        cmocka_unit_test(test_change_on_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
