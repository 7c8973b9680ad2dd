/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bring-up, configuration, features, faults, recovery. */
#include "net_fixture.h"

/* INIT-27, NET-42: buffers are posted before DRIVER_OK and told of only after it; features as in the whitelist. */
static void test_bring_up(void **state)
{
    static const UINT16 messages[] = {0, 1, 2, 3, 8};
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        static struct rig rig;
        struct fake_queue_view view;
        VIRTIO_DIAG diag;
        rig_make(&rig, (struct fake_options){.msix_vectors = 8}, NULL);
        assert_int_equal(rig_start(&rig, messages[i]), STATUS_SUCCESS);
        fake_queue_look(rig.fake, 0, &view);
        assert_true(view.enabled && view.notifies == 1);
        assert_int_equal(rig_rx(&rig)->posted_count, 64);
        assert_int_equal(view.vector, messages[i] == 0 ? 0xFFFF : messages[i] >= 2);
        fake_queue_look(rig.fake, 1, &view);
        assert_int_equal(view.vector, messages[i] == 0 ? 0xFFFF : messages[i] >= 3 ? 2 : messages[i] == 2);
        assert_int_equal(view.notifies, 0);
        fake_queue_look(rig.fake, 2, &view); /* NET-72: the control queue, although the device has MQ */
        assert_true(view.enabled);
        assert_int_equal(rig.device.features & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_VLAN), 0);
        assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
        NetDeviceDescribe(&rig.device, &diag);
        assert_int_equal(diag.state, NET_STATE_RUNNING);
        assert_int_equal(diag.queue_count, 3);
        assert_int_equal(diag.queues[0].in_flight, 64);
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

/* NET-13 to NET-17, NET-10: the accepted set is closed under the dependencies, whatever is on offer. */
static void test_offers(void **state)
{
    uint64_t random = 0x9E3779B97F4A7C15;
    const uint64_t never = 1ULL << 7 | 1ULL << 8 | 1ULL << 9 | 1ULL << 10 | 1ULL << 14 | 1ULL << 20 | 1ULL << 21 |
                           1ULL << 22 | 1ULL << 54 | 1ULL << 55 | 1ULL << 56 | 1ULL << 57 | 1ULL << 60 | 1ULL << 61 |
                           1ULL << 62;
    (void)state;
    for (unsigned turn = 0; turn < 300; turn++) {
        static struct rig rig;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint64_t offer = (turn == 0 ? ~0ULL : random) | VIRTIO_F_VERSION_1;
        rig_make(&rig, (struct fake_options){.features = offer}, NULL);
        assert_int_equal(rig_start(&rig, 0), STATUS_SUCCESS);
        uint64_t taken = fake_driver_features(rig.fake);
        assert_int_equal(taken & ~offer, 0);
        assert_int_equal(taken & never, 0);
        if ((taken & VIRTIO_NET_F_CSUM) == 0) {
            assert_int_equal(taken & (VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6), 0);
        }
        if ((taken & VIRTIO_NET_F_HOST_ECN) != 0) {
            assert_true(taken & (VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6));
        }
        if ((taken & VIRTIO_NET_F_CTRL_VQ) == 0) {
            assert_int_equal(taken & (VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR), 0);
        }
        if ((taken & VIRTIO_NET_F_CTRL_RX) == 0) { /* conformance.md: NET-53 needs both */
            assert_int_equal(taken & VIRTIO_NET_F_CTRL_MAC_ADDR, 0);
        }
        /* NET-02, NET-07, NET-36: what should be taken when it is there */
        const uint64_t should =
            VIRTIO_NET_F_MAC | VIRTIO_NET_F_MTU | VIRTIO_NET_F_GUEST_HDRLEN | VIRTIO_NET_F_MRG_RXBUF;
        assert_int_equal(taken & should, offer & should);
        assert_int_equal(rig_control(&rig, 10), NET_CTRL_IDLE);
        rig_check_rules(&rig); /* INIT-16, NET-01 among others */
        rig_end(&rig);
    }
}

static NET_CONFIG config_with(const char *fault, uint64_t off, NET_OPTIONS given)
{
    static struct rig rig;
    rig_make(&rig, (struct fake_options){.features_off = off}, fault);
    rig.options = given;
    rig.options.rx_buffer_count = 4;
    assert_int_equal(rig_start(&rig, 0), STATUS_SUCCESS);
    NET_CONFIG config = rig.device.config;
    rig_check_rules(&rig);
    rig_end(&rig);
    return config;
}

static void test_configuration(void **state)
{
    static const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
    NET_OPTIONS none = {0}, seed = {.mac_seed = 7}, small = {.mtu = 1000}, large = {.mtu = 9000};
    NET_CONFIG config = config_with(NULL, 0, none), other;
    (void)state;

    assert_memory_equal(config.mac, mac, 6); /* NET-03 */
    assert_false(config.mac_is_made_up);
    assert_int_equal(config.mtu, 1500);
    assert_true(config.is_link_up && config.is_speed_known && config.is_full_duplex);
    assert_int_equal(config.speed_mbps, 1000);

    /* NET-04, HOST-27: no address, zero, a group address */
    config = config_with(NULL, VIRTIO_NET_F_MAC, none);
    assert_true(config.mac_is_made_up && (config.mac[0] & 3) == 2);
    other = config_with("net-mac", 0, none);
    assert_memory_equal(other.mac, config.mac, 6);
    other = config_with("net-mac=0x010203040501", 0, seed);
    assert_true(other.mac_is_made_up && (other.mac[0] & 3) == 2);
    assert_memory_not_equal(other.mac, config.mac, 6);

    /* NET-05 */
    assert_true(config_with(NULL, VIRTIO_NET_F_STATUS, none).is_link_up);

    /* NET-11 */
    config = config_with("net-speed", 0, none);
    assert_false(config.is_speed_known);
    assert_int_equal(config.speed_mbps, NET_SPEED_DEFAULT_MBPS);
    assert_false(config_with("net-duplex=2", 0, none).is_speed_known);
    assert_false(config_with("net-speed=0x80000000", 0, none).is_speed_known);
    assert_int_equal(config_with("net-speed=0x7fffffff", 0, none).speed_mbps, 0x7FFFFFFF);
    assert_false(config_with("net-duplex=0", 0, none).is_full_duplex);
    assert_false(config_with(NULL, VIRTIO_NET_F_SPEED_DUPLEX, none).is_speed_known);

    /* NET-07, NET-08, HOST-27: the device's MTU, the administrator's, implausible ones */
    assert_int_equal(config_with("net-mtu=9000", 0, none).mtu, 9000);
    assert_int_equal(config_with("net-mtu=9000", 0, small).mtu, 1000);
    assert_int_equal(config_with("net-mtu=9000", 0, small).device_mtu, 9000);
    assert_int_equal(config_with("net-mtu=1400", 0, large).mtu, 1400);
    assert_int_equal(config_with("net-mtu=67", 0, none).mtu, 1500);
    assert_int_equal(config_with("net-mtu=0", 0, none).mtu, 1500);
    assert_int_equal(config_with("net-mtu=68", 0, none).mtu, 68);
    assert_int_equal(config_with("net-mtu=65535", 0, none).mtu, 65535);
    assert_int_equal(config_with(NULL, VIRTIO_NET_F_MTU, large).mtu, 9000);
    /* HOST-27: what is not taken is not read */
    (void)config_with("net-pairs=0", 0, none);
    (void)config_with("net-pairs=65535", 0, none);
}

/* NET-06, NET-12: link and speed follow the device. */
static void test_link(void **state)
{
    static struct rig rig;
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    assert_int_equal(NetDeviceConfigChanged(&rig.device), 0);
    fake_net_link(rig.fake, false, 1000, 1);
    assert_int_equal(NetDeviceConfigChanged(&rig.device), NET_CHANGED_LINK);
    assert_false(rig.device.config.is_link_up);
    assert_int_equal(NetDeviceConfigChanged(&rig.device), 0);
    fake_net_link(rig.fake, true, 40000, 0);
    assert_int_equal(NetDevicePoll(&rig.device), NET_CHANGED_LINK); /* a lost interrupt */
    assert_true(rig.device.config.is_link_up && !rig.device.config.is_full_duplex);
    assert_int_equal(rig.device.config.speed_mbps, 40000);
    assert_int_equal(rig.device.polled, 1);
    fake_net_link(rig.fake, true, 100, 0);
    assert_int_equal(NetDeviceConfigChanged(&rig.device), NET_CHANGED_LINK);
    assert_int_equal(rig.device.config.speed_mbps, 100);
    assert_int_equal(rig.device.config_changes, 3);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* INIT-05, HOST-21, HOST-16: NEEDS_RESET with and without interrupt, and a device that is gone. */
static void test_faults(void **state)
{
    static struct rig rig;
    NET_VECTORS vectors;
    NET_RX_FRAME frame;
    (void)state;
    NetVectorsPlan(0, 1, &vectors);
    rig_up(&rig, (struct fake_options){0}, NULL);
    fake_need_reset(rig.fake, true);
    assert_int_equal(NetDevicePoll(&rig.device), NET_CHANGED_FAULT);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_DEVICE_NEEDS_RESET);
    assert_int_equal(NetDeviceStart(&rig.device, &vectors), STATUS_INVALID_PARAMETER);
    assert_int_equal(NetDeviceStop(&rig.device, rig.device.reason), STATUS_SUCCESS);
    rig_take_back(&rig);
    assert_int_equal(NetDeviceStart(&rig.device, &vectors), STATUS_SUCCESS);
    assert_int_equal(rig.device.resets, 1);
    assert_int_equal(NetDevicePoll(&rig.device), 0);

    fake_remove(rig.fake);
    NetDeviceBreak(&rig.device, VIRTIO_REASON_USED_RING_INVALID, 1); /* the ring of a removed device is no evidence */
    assert_int_equal(NetDeviceConfigChanged(&rig.device), NET_CHANGED_FAULT);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_DEVICE_GONE);
    NetRxBegin(rig_rx(&rig));
    assert_int_equal(NetRxNext(rig_rx(&rig), &frame), NET_RX_IDLE);
    assert_int_equal(NetDeviceStop(&rig.device, VIRTIO_REASON_NONE), STATUS_DEVICE_NOT_CONNECTED);
    assert_int_equal(rig.device.state, NET_STATE_DEAD);
    rig_end(&rig);
}

/* Each acquisition fails in turn: nothing is held afterwards. */
static void test_allocation_failures(void **state)
{
    unsigned n;
    (void)state;
    for (n = 1;; n++) {
        static struct rig rig;
        rig_make(&rig, (struct fake_options){0}, NULL);
        rig.fail_allocation = n;
        NTSTATUS status = rig_start(&rig, 0);
        if (status == STATUS_SUCCESS) {
            rig_end(&rig);
            break;
        }
        assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
        assert_int_equal(rig.device.reason, VIRTIO_REASON_QUEUE_MEMORY);
        assert_int_equal(rig.live, 0);
        rig_end(&rig);
    }
    assert_true(n > 10);
}

/* HOST-12, HOST-13, HOST-14, HOST-18, INIT-23: what cannot be driven is refused by name, and nothing is held. */
static void test_refused(void **state)
{
    static const struct {
        const char *fault;
        uint32_t reason;
    } cases[] = {
        {"num-queues=0", VIRTIO_REASON_QUEUE_MISSING},         {"num-queues=2", VIRTIO_REASON_QUEUE_MISSING},
        {"queue-size=1000", VIRTIO_REASON_QUEUE_SIZE_INVALID}, {"queue-size=2", VIRTIO_REASON_QUEUE_TOO_SMALL},
        {"queue-size=0", VIRTIO_REASON_QUEUE_MISSING},         {"notify-off", VIRTIO_REASON_QUEUE_NOTIFY_INVALID},
        {"vector-junk", VIRTIO_REASON_VECTOR_REFUSED},         {"features-refused", VIRTIO_REASON_FEATURES_REFUSED},
        {"no-version-1", VIRTIO_REASON_NO_VERSION_1},          {"enable-refused", VIRTIO_REASON_QUEUE_ENABLE_FAILED},
        {"needs-reset", VIRTIO_REASON_DEVICE_NEEDS_RESET},     {"generation-each", VIRTIO_REASON_CONFIG_UNSTABLE},
        {"type-short", VIRTIO_REASON_CAP_DEVICE_MISSING},      {"reset-stuck", VIRTIO_REASON_RESET_TIMEOUT},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct rig rig;
        rig_make(&rig, (struct fake_options){0}, cases[i].fault);
        assert_int_not_equal(rig_start(&rig, 2), STATUS_SUCCESS);
        if (rig.device.reason != cases[i].reason) {
            fail_msg("%s: %s", cases[i].fault, VirtioReasonText(rig.device.reason));
        }
        if (strcmp(cases[i].fault, "reset-stuck") != 0) {
            rig_check_rules(&rig);
        }
        rig_end(&rig);
    }
}

/* HOST-16: gone at any access: start ends, and so does everything after it. */
static void test_removed_at_any_time(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 150; n++) {
        static struct rig rig;
        char fault[20];
        snprintf(fault, sizeof(fault), "gone=%u", n);
        rig_make(&rig, (struct fake_options){0}, fault);
        NTSTATUS status = rig_start(&rig, 0);
        if (!NT_SUCCESS(status)) {
            assert_int_equal(rig.device.reason, VIRTIO_REASON_DEVICE_GONE);
        } else {
            (void)rig_control(&rig, 5);
            (void)NetDevicePoll(&rig.device);
        }
        rig_end(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bring_up),      cmocka_unit_test(test_offers),
        cmocka_unit_test(test_configuration), cmocka_unit_test(test_link),
        cmocka_unit_test(test_faults),        cmocka_unit_test(test_allocation_failures),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_removed_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
