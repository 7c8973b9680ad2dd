/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The network device's features and configuration. Layer: core. Highest IRQL: DIRQL. */
#include "net_config.h"

enum { FIELD_MAC, FIELD_STATUS = NET_MAC_LENGTH, FIELD_MTU, FIELD_SPEED, FIELD_DUPLEX, FIELD_COUNT };

typedef struct _NET_FIELD {
    UINT64 feature; /* that has to be negotiated */
    VIRTIO_CONFIG_FIELD where;
} NET_FIELD;

static const NET_FIELD fields[FIELD_COUNT] = {
    {VIRTIO_NET_F_MAC, {VIRTIO_NET_CFG_MAC, 1}},
    {VIRTIO_NET_F_MAC, {VIRTIO_NET_CFG_MAC + 1, 1}},
    {VIRTIO_NET_F_MAC, {VIRTIO_NET_CFG_MAC + 2, 1}},
    {VIRTIO_NET_F_MAC, {VIRTIO_NET_CFG_MAC + 3, 1}},
    {VIRTIO_NET_F_MAC, {VIRTIO_NET_CFG_MAC + 4, 1}},
    {VIRTIO_NET_F_MAC, {VIRTIO_NET_CFG_MAC + 5, 1}},
    {VIRTIO_NET_F_STATUS, {VIRTIO_NET_CFG_STATUS, 2}},
    {VIRTIO_NET_F_MTU, {VIRTIO_NET_CFG_MTU, 2}},
    {VIRTIO_NET_F_SPEED_DUPLEX, {VIRTIO_NET_CFG_SPEED, 4}},
    {VIRTIO_NET_F_SPEED_DUPLEX, {VIRTIO_NET_CFG_DUPLEX, 1}},
};

static const UINT64 features_wanted =
    VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC | VIRTIO_NET_F_HOST_TSO4 |
    VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_HOST_ECN | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_STATUS |
    VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_GUEST_HDRLEN |
    VIRTIO_NET_F_SPEED_DUPLEX | VIRTIO_F_RING_INDIRECT_DESC | VIRTIO_F_RING_EVENT_IDX | VIRTIO_F_VERSION_1 |
    VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_ORDER_PLATFORM;

BOOLEAN NetMacIsUsable(const UINT8 *mac)
{
    UINT8 any = 0;
    UINT32 i;

    for (i = 0; i < NET_MAC_LENGTH; i++)
        any |= mac[i];
    return any != 0 && (mac[0] & 1) == 0;
}

BOOLEAN NetMacIsSame(const UINT8 *a, const UINT8 *b)
{
    UINT32 i;

    for (i = 0; i < NET_MAC_LENGTH; i++) {
        if (a[i] != b[i])
            return FALSE;
    }
    return TRUE;
}

VOID NetFeatureRequest(const NET_OPTIONS *options, UINT64 features, VIRTIO_FEATURE_REQUEST *request)
{
    static const VIRTIO_FEATURE_DEPENDENCY dependencies[] = {
        {VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_CSUM},
        {VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM},
        /* the specification asks for one of them; with both, a frame's version does not matter */
        {VIRTIO_NET_F_HOST_ECN, VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6},
        {VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_CTRL_VQ},
        {VIRTIO_NET_F_CTRL_VLAN, VIRTIO_NET_F_CTRL_VQ},
        {VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX},
    };

    request->wanted = features_wanted;
    if (options->vlan_filter)
        request->wanted |= VIRTIO_NET_F_CTRL_VLAN;
    request->wanted &= ~options->features_off;
    if (features != 0)
        request->wanted = features;
    request->required = features;
    request->dependencies = dependencies;
    request->dependency_count = VIRTIO_ARRAY_COUNT(dependencies);
}

/* Reads the fields that were negotiated; the others stay 0. */
static NTSTATUS ReadFields(VIRTIO_PCI_DEVICE *pci, UINT64 values[FIELD_COUNT])
{
    VIRTIO_CONFIG_FIELD wanted[FIELD_COUNT];
    UINT64 read[FIELD_COUNT];
    UINT8 which[FIELD_COUNT];
    UINT32 count = 0;
    UINT32 i;
    NTSTATUS status;

    RtlZeroMemory(values, FIELD_COUNT * sizeof(values[0]));
    for (i = 0; i < FIELD_COUNT; i++) {
        if ((pci->features & fields[i].feature) == 0)
            continue;
        wanted[count] = fields[i].where;
        which[count] = (UINT8)i;
        count++;
    }
    if (count == 0)
        return STATUS_SUCCESS;
    status = VirtioPciReadConfig(pci, wanted, count, read);
    if (!NT_SUCCESS(status))
        return status;
    for (i = 0; i < count; i++)
        values[which[i]] = read[i];
    return STATUS_SUCCESS;
}

/* A locally administered address: the same for the same seed, most likely another for another. */
static VOID MakeMac(UINT64 seed, UINT8 *mac)
{
    UINT64 mixed = seed + 0x9E3779B97F4A7C15ULL;
    UINT32 i;

    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    mixed ^= mixed >> 31;
    mac[0] = 0x02;
    for (i = 1; i < NET_MAC_LENGTH; i++)
        mac[i] = (UINT8)(mixed >> (8 * i));
}

static UINT32 ChooseMtu(UINT32 device_mtu, UINT32 wanted)
{
    if (wanted < VIRTIO_NET_MTU_MIN || wanted > 0xFFFF)
        wanted = 0;
    if (device_mtu >= VIRTIO_NET_MTU_MIN)
        return wanted != 0 && wanted < device_mtu ? wanted : device_mtu;
    return wanted != 0 ? wanted : NET_MTU_DEFAULT;
}

NTSTATUS NetConfigRead(VIRTIO_PCI_DEVICE *pci, const NET_OPTIONS *options, NET_CONFIG *config)
{
    UINT64 values[FIELD_COUNT];
    UINT32 i;
    NTSTATUS status;

    RtlZeroMemory(config, sizeof(*config));
    status = ReadFields(pci, values);
    if (!NT_SUCCESS(status))
        return status;

    for (i = 0; i < NET_MAC_LENGTH; i++)
        config->mac[i] = (UINT8)values[FIELD_MAC + i];
    if (!NetMacIsUsable(config->mac)) {
        MakeMac(options->mac_seed, config->mac);
        config->mac_is_made_up = TRUE;
    }
    config->mtu = ChooseMtu((UINT32)values[FIELD_MTU], options->mtu);
    config->device_mtu = (UINT32)values[FIELD_MTU] > config->mtu ? (UINT32)values[FIELD_MTU] : config->mtu;
    config->is_link_up = TRUE;
    if ((pci->features & VIRTIO_NET_F_STATUS) != 0)
        config->is_link_up = (values[FIELD_STATUS] & VIRTIO_NET_S_LINK_UP) != 0;

    config->speed_mbps = NET_SPEED_DEFAULT_MBPS;
    config->is_full_duplex = TRUE;
    if ((pci->features & VIRTIO_NET_F_SPEED_DUPLEX) != 0 && values[FIELD_SPEED] != 0 &&
        values[FIELD_SPEED] <= VIRTIO_NET_SPEED_MAX && values[FIELD_DUPLEX] <= VIRTIO_NET_DUPLEX_FULL) {
        config->is_speed_known = TRUE;
        config->speed_mbps = (UINT32)values[FIELD_SPEED];
        config->is_full_duplex = values[FIELD_DUPLEX] == VIRTIO_NET_DUPLEX_FULL;
    }
    return STATUS_SUCCESS;
}
