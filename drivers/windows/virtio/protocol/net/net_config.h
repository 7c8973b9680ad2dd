/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The network device's features as this driver takes them, and its configuration, read as one snapshot and made
 * plausible. VIRTIO 1.x "Network Device: Feature bits, Device configuration layout". Layer: core. Highest IRQL: DIRQL.
 */
#ifndef NET_CONFIG_H
#define NET_CONFIG_H

#include "virtio_net_proto.h"
#include "virtio_pci_modern.h"

#define NET_MAC_LENGTH         6
#define NET_MTU_DEFAULT        1500
#define NET_SPEED_DEFAULT_MBPS 10000

/* What the administrator chose; all zero: the defaults. */
typedef struct _NET_OPTIONS {
    UINT64 features_off;       /* taken off the whitelist: an offload switched off, a VLAN filter not wanted ... */
    UINT32 mtu;                /* 0: the device's or NET_MTU_DEFAULT; less than the device's wins */
    BOOLEAN vlan_filter;       /* use the device's: only VLANs of NetCtrlSetVlan pass. FALSE: CTRL_VLAN is left alone */
    UINT64 mac_seed;           /* makes up the address of a device that has none: any number that stays the same */
    BOOLEAN has_mac;           /* mac is to be used instead of the device's */
    UINT8 mac[NET_MAC_LENGTH]; /* has_mac: NetMacIsUsable */
    UINT16 rx_buffer_count;    /* 0: NET_RX_BUFFERS_DEFAULT of net_device.h */
} NET_OPTIONS;

/* Sanitised: every field may be used without a check. */
typedef struct _NET_CONFIG {
    UINT8 mac[NET_MAC_LENGTH]; /* the permanent address, made up where the device's is unusable */
    BOOLEAN mac_is_made_up;
    UINT32 mtu;        /* in use, VIRTIO_NET_MTU_MIN to 65535, without Ethernet header */
    UINT32 device_mtu; /* what the device may deliver: at least mtu */
    BOOLEAN is_link_up;
    BOOLEAN is_speed_known; /* else the next two are defaults */
    UINT32 speed_mbps;
    BOOLEAN is_full_duplex;
} NET_CONFIG;

/* Bytes of the longest frame without and with an 802.1Q tag. */
#define NET_FRAME_MAX(mtu)        ((UINT32)(mtu) + 14)
#define NET_TAGGED_FRAME_MAX(mtu) ((UINT32)(mtu) + 18)

/* Whether an address can be a station's: not zero, not a group. IRQL: any. Spec: HOST-27 */
BOOLEAN NetMacIsUsable(const UINT8 *mac);

/* Whether two addresses are the same. IRQL: any. */
BOOLEAN NetMacIsSame(const UINT8 *a, const UINT8 *b);

/*
 * The feature request for VirtioPciNegotiate: the whitelist and its dependencies. Never a guest segmentation offload:
 * Windows 7 has no use for frames longer than the MTU.
 *
 * options   features_off is taken away
 * features  0, or those of an earlier negotiation: exactly these are demanded then
 * request   out; its table is static
 *
 * IRQL:    any
 * Spec:    NET-02, NET-07, NET-10, NET-13 to NET-17, NET-22 to NET-27, NET-31, NET-36
 */
VOID NetFeatureRequest(const NET_OPTIONS *options, UINT64 features, VIRTIO_FEATURE_REQUEST *request);

/*
 * Reads and sanitises the configuration.
 *
 * pci      negotiated
 * config   out: zeroed on failure
 *
 * IRQL:    any up to DIRQL
 * Returns: STATUS_SUCCESS; else the status and pci->reason of VirtioPciReadConfig
 * Spec:    NET-01, NET-03 to NET-06, NET-08, NET-11, NET-12, INIT-16, HOST-17, HOST-27
 */
NTSTATUS NetConfigRead(VIRTIO_PCI_DEVICE *pci, const NET_OPTIONS *options, NET_CONFIG *config);

#endif
