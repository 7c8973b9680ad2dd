/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * aerovnet: the NDIS 6.20 miniport for virtio-net on Windows 7. What its handlers share: the adapter, its queues and the
 * prototypes. Locks, states and IRQLs: TECHNOTES.md. Layer: glue. Highest IRQL: DIRQL (stated per function).
 */
#ifndef AEROVNET_H
#define AEROVNET_H

#include <ntddk.h>
#include <ndis.h>

#include "net_device.h"
#include "virtio_diag.h"
#include "virtio_reason.h"
#include "virtio_version.h"
#include "virtqueue_split.h"
#include "virtqueue_split_legacy.h"

#define AEROVNET_TAG             0x6E765241 /* "ARvn": everything this driver takes from the pools */
#define AEROVNET_BARS            6
#define AEROVNET_PCI_CONFIG      256
#define AEROVNET_WATCHDOG_MS     1000
#define AEROVNET_PATIENCE        4          /* watchdog calls with a broken device before we reset it unasked */
#define AEROVNET_CONTROL_TRIES   1          /* resets for a control queue that does not answer, before we do without */
#define AEROVNET_REPORTS_MAX     32         /* event log entries in one life of the adapter */
#define AEROVNET_BATCH           64         /* frames that are indicated or completed at once */
#define AEROVNET_FRAMES_PER_DPC  1024       /* where NDIS sets no limit */
#define AEROVNET_MULTICAST_MAX   256        /* addresses that NDIS may set; the core opens the filter for long lists */
#define AEROVNET_DMA_MAX         0x11000    /* bytes of one mapping: a large send and what its first MDL has before it */

/* What can be done with a frame's headers and data by us or the device: capability and setting alike. */
#define AEROVNET_TX_IP4          0x0001
#define AEROVNET_TX_TCP4         0x0002
#define AEROVNET_TX_UDP4         0x0004
#define AEROVNET_TX_TCP6         0x0008
#define AEROVNET_TX_UDP6         0x0010
#define AEROVNET_RX_IP4          0x0020
#define AEROVNET_RX_TCP4         0x0040
#define AEROVNET_RX_UDP4         0x0080
#define AEROVNET_RX_TCP6         0x0100
#define AEROVNET_RX_UDP6         0x0200
#define AEROVNET_LSO1_IP4        0x0400
#define AEROVNET_LSO2_IP4        0x0800
#define AEROVNET_LSO2_IP6        0x1000

/* *PriorityVLANTag */
#define AEROVNET_TAG_PRIORITY    0x1
#define AEROVNET_TAG_VLAN        0x2

/* What AerovnetWork has to do at PASSIVE_LEVEL */
#define AEROVNET_WORK_RESET      0x1
#define AEROVNET_WORK_SLEEP      0x2
#define AEROVNET_WORK_WAKE       0x4

typedef struct _AEROVNET_ADAPTER AEROVNET_ADAPTER;

typedef struct _AEROVNET_BAR {
    NDIS_PHYSICAL_ADDRESS start;
    ULONG length; /* 0: no such memory BAR */
    PUCHAR mapped;
} AEROVNET_BAR;

/* Shared memory as NDIS gave it, and where the part that the core got begins. */
typedef struct _AEROVNET_BLOCK {
    struct _AEROVNET_BLOCK *next;
    PVOID base;
    PVOID aligned;
    NDIS_PHYSICAL_ADDRESS address;
    ULONG length;
} AEROVNET_BLOCK;

/* Whom a frame is for, as the statistics want it. */
typedef enum _AEROVNET_KIND { AEROVNET_DIRECTED, AEROVNET_MULTICAST, AEROVNET_BROADCAST, AEROVNET_KINDS } AEROVNET_KIND;

typedef struct _AEROVNET_TRAFFIC {
    ULONG64 frames[AEROVNET_KINDS];
    ULONG64 bytes[AEROVNET_KINDS];
} AEROVNET_TRAFFIC;

typedef enum _AEROVNET_FRAME_STATE {
    AEROVNET_FRAME_NEW,
    AEROVNET_FRAME_MAPPING, /* its scatter/gather list is being made: nobody else touches the frame */
    AEROVNET_FRAME_READY,   /* mapped, or small enough to be copied */
    AEROVNET_FRAME_SENT     /* the core has it */
} AEROVNET_FRAME_STATE;

/* NET_BUFFER.MiniportReserved of a frame that we own. Guarded by the transmit lock. */
typedef struct _AEROVNET_FRAME {
    PNET_BUFFER_LIST list;
    PNET_BUFFER next;            /* of those that wait, or of those that are done */
    PSCATTER_GATHER_LIST pieces; /* NULL: not mapped */
    UCHAR state;                 /* AEROVNET_FRAME_STATE */
    UCHAR kind;                  /* AEROVNET_KIND, once it is READY and its bytes were read */
} AEROVNET_FRAME;
VIRTIO_STATIC_ASSERT(sizeof(AEROVNET_FRAME) <= 4 * sizeof(PVOID));

/* A queue of frames, by AEROVNET_FRAME.next. */
typedef struct _AEROVNET_FRAMES {
    PNET_BUFFER first;
    PNET_BUFFER last;
} AEROVNET_FRAMES;

/* A transmit queue. Everything but the first two is guarded by lock. */
typedef struct _AEROVNET_TX {
    AEROVNET_ADAPTER *adapter;
    NET_TX_QUEUE *queue;    /* lock guards what is in it, too */
    NDIS_SPIN_LOCK lock;
    NDIS_STATUS status;     /* NDIS_STATUS_SUCCESS: frames are taken; else what new ones end with */
    AEROVNET_FRAMES waiting;
    BOOLEAN is_pumping;     /* somebody is in AerovnetPump */
    AEROVNET_TRAFFIC sent;
    ULONG64 errors;
    ULONG64 discards;
} AEROVNET_TX;

/* A receive queue. Everything but the first two is guarded by lock. */
typedef struct _AEROVNET_RX {
    AEROVNET_ADAPTER *adapter;
    NET_RX_QUEUE *queue;
    NDIS_SPIN_LOCK lock;
    BOOLEAN is_running;
    BOOLEAN is_busy;        /* somebody is in AerovnetReceive */
    BOOLEAN is_again;       /* and has to look once more */
    NDIS_HANDLE pool;
    PNET_BUFFER_LIST free;  /* by Next: as many as the queue has buffers, less the lent ones */
    AEROVNET_TRAFFIC received;
    ULONG64 no_list;        /* frames dropped for lack of a list: never, unless somebody keeps what he returned */
} AEROVNET_RX;

/* What the registry says. Written in MiniportInitializeEx only. */
typedef struct _AEROVNET_OPTIONS {
    ULONG tag_mode;         /* AEROVNET_TAG_* */
    USHORT vlan;            /* 0: any */
    USHORT tx_limit;        /* frames in flight at most */
    ULONG offloads_off;     /* AEROVNET_TX_* ...: switched off by a keyword */
} AEROVNET_OPTIONS;

/*
 * lock guards device (but for its queues), filter, flags, work, requests and link; what is above it is written in
 * MiniportInitializeEx only. See TECHNOTES.md for the order of locks.
 */
struct _AEROVNET_ADAPTER {
    NDIS_HANDLE handle;
    NDIS_HANDLE interrupt;
    NDIS_HANDLE dma;
    NDIS_HANDLE timer;
    NDIS_HANDLE work_item;
    ULONG64 luid;               /* NDIS' number of this interface: makes up an address where the device has none */
    AEROVNET_BAR bars[AEROVNET_BARS];
    UINT8 pci_config[AEROVNET_PCI_CONFIG];
    AEROVNET_BLOCK *blocks;
    AEROVNET_OPTIONS options;
    ULONG offloads_able;        /* AEROVNET_TX_* ... */
    NET_VECTORS vectors;
    AEROVNET_TX tx[NET_PAIRS_MAX];
    AEROVNET_RX rx[NET_PAIRS_MAX];
    NDIS_EVENT idle;            /* no work is queued or being done */
    NDIS_EVENT unwatched;       /* the watchdog is neither armed nor running */

    volatile LONG references;   /* frames of others that we hold, receive indications, and one while not paused */
    volatile LONG isr;          /* VIRTIO_PCI_ISR_* that no DPC has seen */
    volatile LONG interrupts;
    volatile LONG is_ready;     /* interrupts may use the rest */
    volatile LONG is_silent;    /* asleep, and reset before: no interrupt is ours */
    volatile LONG offloads;     /* AEROVNET_TX_* ...: switched on */
    volatile LONG rx_offloads;  /* of these, what received frames may say already (OID_OFFLOAD_ENCAPSULATION) */

    NDIS_SPIN_LOCK lock;
    NET_DEVICE device;
    NET_FILTER filter;          /* what NDIS wants */
    BOOLEAN is_running;         /* between MiniportRestart and MiniportPause */
    BOOLEAN is_down;            /* the device is being stopped, or stopped: nobody calls it but AerovnetWork */
    BOOLEAN is_asleep;
    BOOLEAN is_removed;
    BOOLEAN is_halting;
    BOOLEAN is_working;
    BOOLEAN is_reset_pending;
    ULONG work;                 /* AEROVNET_WORK_* */
    ULONG broken_since;         /* watchdog calls */
    ULONG control_failures;     /* since the control queue last did what was wanted */
    PNDIS_OID_REQUEST filter_request; /* waits for the control queue */
    PNDIS_OID_REQUEST power_request;
    NDIS_LINK_STATE link;       /* as NDIS knows it */
    VIRTIO_REASON reported_reason;
    ULONG report_count;
};

/* Handlers, one file each or with their counterpart. */
DRIVER_INITIALIZE DriverEntry;
MINIPORT_UNLOAD AerovnetUnload;
MINIPORT_INITIALIZE AerovnetInitializeEx;
MINIPORT_HALT AerovnetHaltEx;
MINIPORT_SHUTDOWN AerovnetShutdownEx;
MINIPORT_PAUSE AerovnetPause;
MINIPORT_RESTART AerovnetRestart;
MINIPORT_CHECK_FOR_HANG AerovnetCheckForHangEx;
MINIPORT_RESET AerovnetResetEx;
MINIPORT_DEVICE_PNP_EVENT_NOTIFY AerovnetDevicePnPEventNotify;
MINIPORT_SEND_NET_BUFFER_LISTS AerovnetSendNetBufferLists;
MINIPORT_CANCEL_SEND AerovnetCancelSend;
MINIPORT_PROCESS_SG_LIST AerovnetProcessSGList;
MINIPORT_RETURN_NET_BUFFER_LISTS AerovnetReturnNetBufferLists;
MINIPORT_OID_REQUEST AerovnetOidRequest;
MINIPORT_CANCEL_OID_REQUEST AerovnetCancelOidRequest;
NDIS_TIMER_FUNCTION AerovnetWatchdog;
NDIS_IO_WORKITEM_FUNCTION AerovnetWork;

/* What NET_DEVICE asks of the system; the context of both is the adapter. */
extern const VIRTIO_PCI_OPS aerovnet_pci_ops;
extern const virtio_os_ops_t aerovnet_os_ops;

/* ---- halt.c ---- */

/*
 * Stops the device and gives everything back, the adapter too. Accepts one that MiniportInitializeEx built by half.
 *
 * IRQL:    PASSIVE_LEVEL. Locks: none; nobody else has a reason to touch the adapter but the interrupt
 */
VOID AerovnetDestroy(AEROVNET_ADAPTER *adapter);

/* ---- pci.c ---- */

/*
 * Reads the PCI header and finds the memory range of each BAR.
 *
 * resources  NDIS_MINIPORT_INIT_PARAMETERS.AllocatedResources, may be NULL
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: FALSE: configuration space cannot be read
 */
BOOLEAN AerovnetPciInit(AEROVNET_ADAPTER *adapter, const NDIS_RESOURCE_LIST *resources);

/* Unmaps what aerovnet_pci_ops mapped. IRQL: PASSIVE_LEVEL. */
VOID AerovnetPciUninit(AEROVNET_ADAPTER *adapter);

/* ---- registry.c ---- */

/* Reads the keywords into adapter->options and options; what is absent or senseless keeps its default. PASSIVE_LEVEL. */
VOID AerovnetReadOptions(AEROVNET_ADAPTER *adapter, NET_OPTIONS *options);

/* ---- attributes.c ---- */

/* First of all (Uninit order does not matter: NDIS keeps them). IRQL: PASSIVE_LEVEL, in MiniportInitializeEx. */
NDIS_STATUS AerovnetSetRegistrationAttributes(AEROVNET_ADAPTER *adapter);

/* General attributes, from a probed device. IRQL: PASSIVE_LEVEL, in MiniportInitializeEx. */
NDIS_STATUS AerovnetSetGeneralAttributes(AEROVNET_ADAPTER *adapter);

/* ---- offload.c ---- */

/* Capabilities and settings from the negotiated features and the keywords. */
VOID AerovnetInitOffloads(AEROVNET_ADAPTER *adapter);

/* Tells NDIS of both. IRQL: PASSIVE_LEVEL, in MiniportInitializeEx, behind the general attributes. */
NDIS_STATUS AerovnetSetOffloadAttributes(AEROVNET_ADAPTER *adapter);

/* OID_TCP_OFFLOAD_PARAMETERS and OID_OFFLOAD_ENCAPSULATION. length: of the buffer. IRQL: <= DISPATCH_LEVEL. */
NDIS_STATUS AerovnetSetOffloadParameters(AEROVNET_ADAPTER *adapter, const VOID *buffer, ULONG length, ULONG *needed);
NDIS_STATUS AerovnetSetEncapsulation(AEROVNET_ADAPTER *adapter, const VOID *buffer, ULONG length, ULONG *needed);

/* Bytes of the largest TCP payload that large send takes. */
ULONG AerovnetLargeSendMax(const AEROVNET_ADAPTER *adapter);

/* ---- interrupt.c ---- */

/*
 * Registers for messages or the line, and plans the vectors. The last acquisition: interrupts may come at once.
 *
 * IRQL:    PASSIVE_LEVEL
 */
NDIS_STATUS AerovnetInterruptInit(AEROVNET_ADAPTER *adapter);

/* No ISR and no DPC runs any more when this returns. Accepts a zeroed adapter. IRQL: PASSIVE_LEVEL. */
VOID AerovnetInterruptUninit(AEROVNET_ADAPTER *adapter);

/* Another DPC on this processor for what interrupts with a vector of adapter->vectors. IRQL: DISPATCH_LEVEL. */
VOID AerovnetQueueDpc(AEROVNET_ADAPTER *adapter, UINT16 vector);

/* ---- receive.c, receive_pool.c ---- */

/*
 * Indicates what was received, at most *budget frames (which is counted down). Locks: none may be held.
 *
 * IRQL:    DISPATCH_LEVEL
 * Returns: TRUE: there is more, and the queue's interrupt is off: call again
 */
BOOLEAN AerovnetReceive(AEROVNET_RX *rx, ULONG *budget);

/* Lists, net buffers and MDLs for a queue's buffers. Returns FALSE: no memory, nothing is held. IRQL: PASSIVE_LEVEL. */
BOOLEAN AerovnetReceivePoolInit(AEROVNET_RX *rx);

/* Every frame was returned. Accepts a zeroed queue. IRQL: PASSIVE_LEVEL. */
VOID AerovnetReceivePoolUninit(AEROVNET_RX *rx);

/* A list for a frame; NULL: none is left. Locks: rx's. */
PNET_BUFFER_LIST AerovnetReceivePoolTake(AEROVNET_RX *rx, const NET_RX_FRAME *frame);

/* Gives list and buffers back. Locks: rx's. */
VOID AerovnetReceivePoolReturn(AEROVNET_RX *rx, PNET_BUFFER_LIST list);

/* The queue that a list of ours belongs to. */
AEROVNET_RX *AerovnetReceivePoolOwner(PNET_BUFFER_LIST list);

/* ---- send.c, transmit.c ---- */

/* Submits waiting frames while there is room, or ends them when the queue takes none. IRQL: DISPATCH_LEVEL; no lock. */
VOID AerovnetPump(AEROVNET_TX *tx);

/* Takes frames that the device has sent, then pumps. IRQL: DISPATCH_LEVEL; no lock. */
VOID AerovnetReap(AEROVNET_TX *tx);

/* Takes back what the stopped device did not send, and ends it. IRQL: DISPATCH_LEVEL; no lock. */
VOID AerovnetTakeBack(AEROVNET_TX *tx, NDIS_STATUS status);

/*
 * Ends frames that are in no queue any more: unmaps them, and completes each list whose last frame this was.
 *
 * status   for their lists; NDIS_STATUS_SUCCESS: keeps what is there
 *
 * IRQL:    DISPATCH_LEVEL. Locks: none may be held
 */
VOID AerovnetEndFrames(AEROVNET_TX *tx, AEROVNET_FRAMES *frames, NDIS_STATUS status);

/* The queue that a list which we hold was put in. */
AEROVNET_TX *AerovnetListQueue(PNET_BUFFER_LIST list);

/* NET_TX_READ for NET_BUFFERs; notes the frame's kind. */
BOOLEAN AerovnetReadFrame(void *owner, UINT32 offset, UINT8 *to, UINT32 length);

VIRTIO_INLINE AEROVNET_FRAME *AerovnetFrame(PNET_BUFFER buffer)
{
    return (AEROVNET_FRAME *)(PVOID)NET_BUFFER_MINIPORT_RESERVED(buffer);
}

VIRTIO_INLINE VOID AerovnetFramesAppend(AEROVNET_FRAMES *frames, PNET_BUFFER buffer)
{
    AerovnetFrame(buffer)->next = NULL;
    if (frames->last != NULL)
        AerovnetFrame(frames->last)->next = buffer;
    else
        frames->first = buffer;
    frames->last = buffer;
}

VIRTIO_INLINE PNET_BUFFER AerovnetFramesPop(AEROVNET_FRAMES *frames)
{
    PNET_BUFFER buffer = frames->first;

    if (buffer == NULL)
        return NULL;
    frames->first = AerovnetFrame(buffer)->next;
    if (frames->first == NULL)
        frames->last = NULL;
    return buffer;
}

/* ---- pause.c ---- */

/* Gives back references; the last one completes a pause that waits. IRQL: <= DISPATCH_LEVEL; no lock. */
VOID AerovnetRelease(AEROVNET_ADAPTER *adapter, LONG count);

/* Opens or closes the data path by the adapter's flags; frames that wait behind a closed one end. IRQL: <= DISPATCH_LEVEL;
 * no lock. */
VOID AerovnetUpdateFlow(AEROVNET_ADAPTER *adapter);

/* ---- recover.c ---- */

/* Has AerovnetWork called. Returns FALSE: the adapter halts. Locks: the adapter's. IRQL: DISPATCH_LEVEL. */
BOOLEAN AerovnetQueueWork(AEROVNET_ADAPTER *adapter, ULONG work);

/*
 * Stops the device and ends the frames that it had.
 *
 * reason   for the record; VIRTIO_REASON_NONE: no fault
 * status   of the frames
 *
 * IRQL:    PASSIVE_LEVEL. Locks: none; no work is being done, or this is the work item
 */
VOID AerovnetTakeDown(AEROVNET_ADAPTER *adapter, VIRTIO_REASON reason, NDIS_STATUS status);

/* ---- control.c ---- */

/*
 * Looks at the control queue and, when asked, at the configuration; indicates and completes what follows.
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: none may be held
 */
VOID AerovnetServeControl(AEROVNET_ADAPTER *adapter, BOOLEAN config_changed);

/* Makes the filter that NDIS wants the device's and the queues'. Locks: the adapter's, takes rx's. */
VOID AerovnetApplyFilter(AEROVNET_ADAPTER *adapter);

/*
 * Has adapter->filter take effect for an OID request.
 *
 * IRQL:    DISPATCH_LEVEL. Locks: the adapter's, takes rx's
 * Returns: NDIS_STATUS_PENDING: AerovnetServeControl completes the request; else how it ended
 */
NDIS_STATUS AerovnetStartFilter(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request);

/* The device broke a queue's ring, or does not send. IRQL: <= DISPATCH_LEVEL. Locks: none may be held. */
VOID AerovnetBreak(AEROVNET_ADAPTER *adapter, VIRTIO_REASON reason, UINT16 queue_index);

/* ---- watchdog.c ---- */

/* Has AerovnetWatchdog called. Locks: the adapter's, so that it never is armed again behind a halt. */
VOID AerovnetArmWatchdog(AEROVNET_ADAPTER *adapter);

/* ---- link.c ---- */

/* What the link is like now. Locks: the adapter's. */
VOID AerovnetDescribeLink(const AEROVNET_ADAPTER *adapter, NDIS_LINK_STATE *link);

/* Indicates the link when it is not as NDIS knows it. IRQL: <= DISPATCH_LEVEL. Locks: none may be held. */
VOID AerovnetIndicateLink(AEROVNET_ADAPTER *adapter);

/* NdisMIndicateStatusEx with what every indication has. IRQL: <= DISPATCH_LEVEL. Locks: none may be held. */
VOID AerovnetIndicate(AEROVNET_ADAPTER *adapter, NDIS_STATUS code, VOID *buffer, ULONG length);

/* ---- oid_query.c, oid_set.c, statistics.c ---- */

/* Answers a query, or does what is set. IRQL: <= DISPATCH_LEVEL. Returns: what MiniportOidRequest returns. */
NDIS_STATUS AerovnetQuery(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request);
NDIS_STATUS AerovnetSet(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request);

/* The identifiers that OidRequest knows. count: out. */
const NDIS_OID *AerovnetSupportedOids(ULONG *count);

AEROVNET_KIND AerovnetKindOf(const UINT8 *destination);

/* Sums over the queues. IRQL: <= DISPATCH_LEVEL. Locks: takes each queue's. */
VOID AerovnetStatistics(AEROVNET_ADAPTER *adapter, NDIS_STATISTICS_INFO *info);

/* ---- diag.c ---- */

/* IRQL: <= DISPATCH_LEVEL. Locks: takes the adapter's. */
VOID AerovnetDescribe(AEROVNET_ADAPTER *adapter, VIRTIO_DIAG *diag);

/* The GUID by which WMI reaches VIRTIO_DIAG_NDIS_OID. */
extern const NDIS_GUID aerovnet_guids[1];

/* ---- event_log.c ---- */

/* Writes the device's last fault to the event log, unless that was its last entry or there were too many. Locks: none. */
VOID AerovnetReport(AEROVNET_ADAPTER *adapter);

#endif
