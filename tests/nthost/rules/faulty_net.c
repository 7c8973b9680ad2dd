/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * An NDIS miniport that breaks one rule on purpose, chosen by its keyword Rule (nthost --keyword Rule=NAME): shows that the
 * host notices. With Rule=honest it breaks none. Each frame that is sent is mapped, completed, and comes back as a received
 * one; the device is touched only to break a rule. One adapter.
 */
#include <ntddk.h>

#include <ndis.h>

#define TAG     0x746c7546 /* Fult */
#define FRAMES  8
#define BYTES   2048
#define SHARED  8192
#define MTU     1500

static const NDIS_OID supported[] = {
    OID_GEN_CURRENT_LOOKAHEAD, OID_GEN_CURRENT_PACKET_FILTER, OID_GEN_INTERRUPT_MODERATION, OID_GEN_LINK_PARAMETERS,
    OID_GEN_MAXIMUM_TOTAL_SIZE, OID_GEN_RCV_OK, OID_GEN_RECEIVE_BLOCK_SIZE, OID_GEN_RECEIVE_BUFFER_SPACE,
    OID_GEN_STATISTICS, OID_GEN_TRANSMIT_BLOCK_SIZE, OID_GEN_TRANSMIT_BUFFER_SPACE, OID_GEN_VENDOR_DESCRIPTION,
    OID_GEN_VENDOR_DRIVER_VERSION, OID_GEN_VENDOR_ID, OID_802_3_MULTICAST_LIST, OID_PNP_SET_POWER, OID_PNP_QUERY_POWER,
    OID_PM_PARAMETERS, OID_GEN_XMIT_OK};

static struct {
    char rule[32];
    BOOLEAN done; /* the rule was broken: once is enough */
    BOOLEAN is_running;
    NDIS_HANDLE driver, adapter, dma, interrupt, pool, timer, work_item;
    PVOID shared;
    NDIS_PHYSICAL_ADDRESS shared_address;
    PUCHAR registers, common;
    UINT registers_length;
    PUCHAR bytes[FRAMES];
    PMDL mdl[FRAMES];
    PNET_BUFFER_LIST nbl[FRAMES];
    BOOLEAN is_out[FRAMES];
    PSCATTER_GATHER_LIST list; /* of the frame that is being mapped */
    PNET_BUFFER_LIST kept;     /* a send that is not completed */
    NDIS_SPIN_LOCK lock;
} faulty;

DRIVER_INITIALIZE DriverEntry;

static BOOLEAN Wants(const char *rule)
{
    ULONG i = 0;
    while (rule[i] != '\0' && faulty.rule[i] == rule[i])
        i++;
    return rule[i] == '\0' && faulty.rule[i] == '\0';
}

static BOOLEAN Now(const char *rule)
{
    BOOLEAN now = Wants(rule) && !faulty.done;
    if (now)
        faulty.done = TRUE;
    return now;
}

static VOID SetHeader(PNDIS_OBJECT_HEADER header, UCHAR type, UCHAR revision, ULONG size)
{
    header->Type = type;
    header->Revision = revision;
    header->Size = (USHORT)size;
}

/* ---- Receiving ---- */

static VOID Indicate(ULONG index, ULONG length, ULONG count, ULONG flags)
{
    PNET_BUFFER_LIST nbl = faulty.nbl[index];
    NET_BUFFER_LIST_FIRST_NB(nbl)->DataLength = length;
    nbl->Next = NULL;
    nbl->Status = NDIS_STATUS_SUCCESS;
    nbl->SourceHandle = Now("receive-source") ? NULL : faulty.adapter;
    if (Now("checksum-early")) {
        NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO info;
        info.Value = NULL;
        info.Receive.TcpChecksumSucceeded = 1;
        NET_BUFFER_LIST_INFO(nbl, TcpIpChecksumNetBufferListInfo) = info.Value;
    }
    faulty.is_out[index] = TRUE;
    NdisMIndicateReceiveNetBufferLists(faulty.adapter, nbl, NDIS_DEFAULT_PORT_NUMBER, count, flags);
}

/* Sends the frame back to whoever sent it, when a buffer is free. */
static VOID LoopBack(PNET_BUFFER nb)
{
    ULONG i;
    ULONG length = NET_BUFFER_DATA_LENGTH(nb);
    PUCHAR from;
    for (i = 0; i < FRAMES && faulty.is_out[i]; i++) {
    }
    if (i == FRAMES || length > BYTES || Wants("throttle"))
        return;
    from = NdisGetDataBuffer(nb, length, faulty.bytes[i], 1, 0);
    if (from != NULL && from != faulty.bytes[i])
        NdisMoveMemory(faulty.bytes[i], from, length);
    if (Wants("receive-length"))
        length = MTU + 15;
    Indicate(i, length, Now("receive-count") ? 2 : 1, Wants("receive-irql") ? NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL : 0);
    if (faulty.is_out[i] && Now("receive-twice"))
        Indicate(i, length, 1, 0);
    if (faulty.is_out[i] && Now("receive-freed"))
        NdisFreeNetBufferList(faulty.nbl[i]);
}

static VOID NTAPI ReturnLists(NDIS_HANDLE context, PNET_BUFFER_LIST lists, ULONG flags)
{
    ULONG i;
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(flags);
    for (; lists != NULL; lists = lists->Next) {
        for (i = 0; i < FRAMES; i++) {
            if (faulty.nbl[i] == lists)
                faulty.is_out[i] = FALSE;
        }
    }
}

/* ---- Sending ---- */

static VOID NTAPI ProcessList(PDEVICE_OBJECT device, PVOID reserved, PSCATTER_GATHER_LIST list, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(reserved);
    UNREFERENCED_PARAMETER(context);
    faulty.list = list;
}

static VOID MapAndFree(PNET_BUFFER nb)
{
    KIRQL irql;
    if (Now("sg-irql")) {
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
        (VOID)NdisMAllocateNetBufferSGList(faulty.dma, nb, NULL, NDIS_SG_LIST_WRITE_TO_DEVICE, NULL, 0);
    }
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    faulty.list = NULL;
    (VOID)NdisMAllocateNetBufferSGList(faulty.dma, nb, NULL, NDIS_SG_LIST_WRITE_TO_DEVICE, NULL, 0);
    if (faulty.list != NULL && !Now("sg-kept"))
        NdisMFreeNetBufferSGList(faulty.dma, faulty.list, nb);
    if (faulty.list != NULL && Now("sg-twice"))
        NdisMFreeNetBufferSGList(faulty.dma, faulty.list, nb);
    KeLowerIrql(irql);
}

static VOID SpoilSend(PNET_BUFFER_LIST nbl)
{
    PMDL mdl = NET_BUFFER_FIRST_MDL(NET_BUFFER_LIST_FIRST_NB(nbl));
    LARGE_INTEGER soon;
    KIRQL irql;
    soon.QuadPart = -10000;
    if (Now("send-mdl"))
        mdl->ByteCount++;
    if (Now("send-buffer"))
        NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(nbl))--;
    if (Now("lock-kept")) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        NdisDprAcquireSpinLock(&faulty.lock);
        KeLowerIrql(irql);
    }
    if (Now("lock-twice")) {
        NdisAcquireSpinLock(&faulty.lock);
        NdisDprAcquireSpinLock(&faulty.lock);
    }
    if (Now("stall"))
        NdisStallExecution(100);
    if (Now("handle"))
        NdisMPauseComplete(nbl);
    if (Wants("timer-left"))
        (VOID)NdisSetTimerObject(faulty.timer, soon, 100000, NULL);
    if (Now("work-item-irql"))
        (VOID)NdisSetTimerObject(faulty.timer, soon, 0, NULL);
    if (Wants("throttle"))
        (VOID)NdisMQueueDpc(faulty.interrupt, 0, 1, NULL);
}

static VOID NTAPI SendLists(NDIS_HANDLE context, PNET_BUFFER_LIST lists, NDIS_PORT_NUMBER port, ULONG flags)
{
    PNET_BUFFER_LIST next;
    PNET_BUFFER nb;
    KIRQL irql;
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(port);
    UNREFERENCED_PARAMETER(flags);
    for (; lists != NULL; lists = next) {
        next = lists->Next;
        lists->Next = NULL;
        SpoilSend(lists);
        for (nb = NET_BUFFER_LIST_FIRST_NB(lists); nb != NULL && faulty.is_running; nb = NET_BUFFER_NEXT_NB(nb)) {
            MapAndFree(nb);
            LoopBack(nb);
        }
        if (!Now("send-status"))
            lists->Status = faulty.is_running ? NDIS_STATUS_SUCCESS : NDIS_STATUS_PAUSED;
        if (Now("send-lost")) {
            faulty.kept = lists;
            continue;
        }
        NdisMSendNetBufferListsComplete(faulty.adapter, lists, 0);
        if (Now("send-after"))
            lists->Flags = 1;
        if (Now("send-twice"))
            NdisMSendNetBufferListsComplete(faulty.adapter, lists, 0);
    }
    if (Now("irql-kept"))
        KeRaiseIrql(DISPATCH_LEVEL + 1, &irql);
}

static VOID NTAPI CancelSend(NDIS_HANDLE context, PVOID id)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(id);
}

/* ---- Interrupts, timer, work item ---- */

static BOOLEAN NTAPI Isr(NDIS_HANDLE context, PBOOLEAN queue, PULONG targets)
{
    UNREFERENCED_PARAMETER(context);
    *queue = Wants("isr");
    *targets = 0;
    if (Now("isr-irql"))
        NdisMPauseComplete(faulty.adapter);
    return Wants("storm");
}

static VOID NTAPI Dpc(NDIS_HANDLE context, PVOID dpc_context, PVOID throttle, PVOID reserved)
{
    ULONG i;
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(dpc_context);
    UNREFERENCED_PARAMETER(throttle);
    UNREFERENCED_PARAMETER(reserved);
    for (i = 0; Wants("throttle") && faulty.is_running && i < FRAMES; i++) {
        if (!faulty.is_out[i])
            Indicate(i, 60, 1, NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
    }
}

static VOID NTAPI Mask(NDIS_HANDLE context)
{
    UNREFERENCED_PARAMETER(context);
}

static VOID NTAPI Work(PVOID context, NDIS_HANDLE item)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(item);
}

static VOID NTAPI Timer(PVOID specific1, PVOID context, PVOID specific2, PVOID specific3)
{
    PVOID shared;
    NDIS_PHYSICAL_ADDRESS address;
    UNREFERENCED_PARAMETER(specific1);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(specific2);
    UNREFERENCED_PARAMETER(specific3);
    if (Wants("work-item-irql"))
        NdisMAllocateSharedMemory(faulty.adapter, 4096, TRUE, &shared, &address);
}

/* ---- The device, as far as a rule needs it ---- */

static VOID MapCommon(PNDIS_RESOURCE_LIST resources)
{
    UCHAR space[256];
    UCHAR at;
    ULONG i;
    (VOID)NdisMGetBusData(faulty.adapter, PCI_WHICHSPACE_CONFIG, 0, space, sizeof(space));
    for (at = space[0x34]; at >= 0x40 && at < 0xf0 && !(space[at] == 9 && space[at + 3] == 1); at = space[at + 1]) {
    }
    for (i = 0; i < resources->Count && faulty.registers == NULL; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR d = &resources->PartialDescriptors[i];
        ULONG base = *(ULONG *)(PVOID)(space + 0x10 + 4 * space[at + 4]) & ~0xfUL;
        if (d->Type == CmResourceTypeMemory && d->u.Memory.Start.LowPart == base) {
            PVOID mapped = NULL;
            if (Now("io-range"))
                d->u.Memory.Length += 4096;
            (VOID)NdisMMapIoSpace(&mapped, faulty.adapter, d->u.Memory.Start, d->u.Memory.Length);
            faulty.registers = mapped;
            faulty.registers_length = d->u.Memory.Length;
            faulty.common = faulty.registers + *(ULONG *)(PVOID)(space + at + 8);
        }
    }
}

/* Queue 0 with four entries in the shared memory: descriptors at 0, available ring at 64, used ring at 128. */
static VOID EnableQueue(ULONGLONG address)
{
    ULONG i;
    *(volatile UCHAR *)(faulty.common + 20) = 1;
    *(volatile USHORT *)(PVOID)(faulty.common + 22) = 0;
    *(volatile USHORT *)(PVOID)(faulty.common + 24) = 4;
    for (i = 0; i < 3; i++) {
        *(volatile ULONG *)(PVOID)(faulty.common + 32 + 8 * i) = (ULONG)(address + 64 * i);
        *(volatile ULONG *)(PVOID)(faulty.common + 36 + 8 * i) = (ULONG)((address + 64 * i) >> 32);
    }
    *(volatile USHORT *)(PVOID)(faulty.common + 28) = 1;
}

/* ---- Life ---- */

static VOID ReadRule(VOID)
{
    static WCHAR name[] = L"Rule";
    NDIS_STRING keyword;
    NDIS_CONFIGURATION_OBJECT object;
    PNDIS_CONFIGURATION_PARAMETER value;
    NDIS_HANDLE configuration;
    NDIS_STATUS status;
    ULONG i;
    keyword.Buffer = name;
    keyword.Length = sizeof(name) - sizeof(WCHAR);
    keyword.MaximumLength = sizeof(name);
    RtlZeroMemory(&object, sizeof(object));
    SetHeader(&object.Header, NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT, 1, NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1);
    object.NdisHandle = faulty.adapter;
    if (NdisOpenConfigurationEx(&object, &configuration) != NDIS_STATUS_SUCCESS)
        return;
    NdisReadConfiguration(&status, &value, configuration, &keyword, NdisParameterString);
    for (i = 0; status == NDIS_STATUS_SUCCESS && i < value->ParameterData.StringData.Length / sizeof(WCHAR) &&
                i + 1 < sizeof(faulty.rule); i++)
        faulty.rule[i] = (char)value->ParameterData.StringData.Buffer[i];
    if (!Wants("configuration-left"))
        NdisCloseConfiguration(configuration);
}

static NDIS_STATUS SetRegistration(VOID)
{
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES r;
    RtlZeroMemory(&r, sizeof(r));
    SetHeader(&r.Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES, Wants("header") ? 0 : 1,
              NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1);
    r.MiniportAdapterContext = &faulty;
    r.AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE | NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER;
    r.InterfaceType = NdisInterfacePci;
    return NdisMSetMiniportAttributes(faulty.adapter, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)(PVOID)&r);
}

static NDIS_STATUS SetGeneral(VOID)
{
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES g;
    NDIS_PM_CAPABILITIES pm;
    RtlZeroMemory(&g, sizeof(g));
    RtlZeroMemory(&pm, sizeof(pm));
    SetHeader(&pm.Header, NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1);
    SetHeader(&g.Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES, 2,
              NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2);
    g.MediaType = NdisMedium802_3;
    g.PhysicalMediumType = NdisPhysicalMedium802_3;
    g.MtuSize = g.LookaheadSize = MTU;
    g.MaxXmitLinkSpeed = g.XmitLinkSpeed = g.MaxRcvLinkSpeed = g.RcvLinkSpeed = 1000000000;
    g.MediaConnectState = MediaConnectStateConnected;
    g.MediaDuplexState = MediaDuplexStateFull;
    g.MacOptions = NDIS_MAC_OPTION_8021P_PRIORITY | NDIS_MAC_OPTION_NO_LOOPBACK | NDIS_MAC_OPTION_TRANSFERS_NOT_PEND;
    g.SupportedPacketFilters = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_BROADCAST;
    g.MaxMulticastListSize = 32;
    g.MacAddressLength = 6;
    g.PermanentMacAddress[0] = g.CurrentMacAddress[0] = 2;
    g.AccessType = NET_IF_ACCESS_BROADCAST;
    g.DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    g.ConnectionType = NET_IF_CONNECTION_DEDICATED;
    g.IfType = IF_TYPE_ETHERNET_CSMACD;
    g.SupportedStatistics = NDIS_STATISTICS_GEN_STATISTICS_SUPPORTED;
    g.SupportedOidList = (PNDIS_OID)(ULONG_PTR)supported;
    g.SupportedOidListLength = sizeof(supported) - (Wants("oids") ? sizeof(NDIS_OID) : 0);
    g.PowerManagementCapabilitiesEx = Wants("power-capabilities") ? NULL : &pm;
    return NdisMSetMiniportAttributes(faulty.adapter, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)(PVOID)&g);
}

static VOID SetOffload(VOID)
{
    NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES attributes;
    NDIS_OFFLOAD offload;
    RtlZeroMemory(&attributes, sizeof(attributes));
    RtlZeroMemory(&offload, sizeof(offload));
    SetHeader(&attributes.Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES, 1,
              NDIS_SIZEOF_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES_REVISION_1);
    SetHeader(&offload.Header, NDIS_OBJECT_TYPE_OFFLOAD, 1, NDIS_SIZEOF_NDIS_OFFLOAD_REVISION_1);
    offload.Checksum.IPv4Transmit.TcpChecksum = NDIS_OFFLOAD_SUPPORTED; /* without an encapsulation */
    attributes.DefaultOffloadConfiguration = attributes.HardwareOffloadCapabilities = &offload;
    (VOID)NdisMSetMiniportAttributes(faulty.adapter, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)(PVOID)&attributes);
}

static VOID RegisterInterrupt(VOID)
{
    NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS c;
    RtlZeroMemory(&c, sizeof(c));
    SetHeader(&c.Header, NDIS_OBJECT_TYPE_MINIPORT_INTERRUPT, 1, NDIS_SIZEOF_MINIPORT_INTERRUPT_CHARACTERISTICS_REVISION_1);
    c.InterruptHandler = Isr;
    c.InterruptDpcHandler = Dpc;
    c.DisableInterruptHandler = c.EnableInterruptHandler = Mask;
    if (Wants("interrupt-handler"))
        c.EnableInterruptHandler = NULL;
    (VOID)NdisMRegisterInterruptEx(faulty.adapter, &faulty, &c, &faulty.interrupt);
}

static VOID RegisterDma(VOID)
{
    NDIS_SG_DMA_DESCRIPTION d;
    RtlZeroMemory(&d, sizeof(d));
    SetHeader(&d.Header, NDIS_OBJECT_TYPE_SG_DMA_DESCRIPTION, 1, NDIS_SIZEOF_SG_DMA_DESCRIPTION_REVISION_1);
    d.Flags = NDIS_SG_DMA_64_BIT_ADDRESS;
    d.MaximumPhysicalMapping = 65536;
    d.ProcessSGListHandler = ProcessList;
    (VOID)NdisMRegisterScatterGatherDma(faulty.adapter, &d, &faulty.dma);
}

static VOID AllocateFrames(VOID)
{
    NET_BUFFER_LIST_POOL_PARAMETERS p;
    ULONG i;
    RtlZeroMemory(&p, sizeof(p));
    SetHeader(&p.Header, NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1);
    p.fAllocateNetBuffer = TRUE;
    p.PoolTag = TAG;
    faulty.pool = NdisAllocateNetBufferListPool(faulty.adapter, &p);
    for (i = 0; i < FRAMES; i++) {
        faulty.bytes[i] = NdisAllocateMemoryWithTagPriority(faulty.adapter, BYTES, TAG, NormalPoolPriority);
        faulty.mdl[i] = NdisAllocateMdl(faulty.adapter, faulty.bytes[i], BYTES);
        faulty.nbl[i] = NdisAllocateNetBufferAndNetBufferList(faulty.pool, 0, 0, faulty.mdl[i], 0, 60);
        faulty.is_out[i] = FALSE;
    }
}

static NDIS_STATUS NTAPI Initialize(NDIS_HANDLE adapter, NDIS_HANDLE context, PNDIS_MINIPORT_INIT_PARAMETERS parameters)
{
    NDIS_TIMER_CHARACTERISTICS timer;
    UNREFERENCED_PARAMETER(context);
    faulty.adapter = adapter;
    ReadRule();
    NdisAllocateSpinLock(&faulty.lock);
    if (Now("interrupt-early"))
        RegisterInterrupt();
    if (Now("attributes-order"))
        (VOID)SetGeneral();
    (VOID)SetRegistration();
    (VOID)SetGeneral();
    if (Wants("encapsulation"))
        SetOffload();
    if (Wants("initialize-leak")) {
        (VOID)NdisAllocateMemoryWithTagPriority(adapter, 16, TAG, NormalPoolPriority);
        return NDIS_STATUS_FAILURE;
    }
    if (!Wants("shared-early"))
        RegisterDma();
    NdisMAllocateSharedMemory(adapter, SHARED, TRUE, &faulty.shared, &faulty.shared_address);
    RtlZeroMemory(faulty.shared, SHARED);
    MapCommon(parameters->AllocatedResources);
    AllocateFrames();
    RtlZeroMemory(&timer, sizeof(timer));
    SetHeader(&timer.Header, NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS, 1, NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1);
    timer.AllocationTag = TAG;
    timer.TimerFunction = Timer;
    (VOID)NdisAllocateTimerObject(adapter, &timer, &faulty.timer);
    faulty.work_item = NdisAllocateIoWorkItem(adapter);
    RegisterInterrupt();
    if (Wants("work-item-twice")) {
        NdisQueueIoWorkItem(faulty.work_item, Work, NULL);
        NdisQueueIoWorkItem(faulty.work_item, Work, NULL);
    }
    if (Wants("storm"))
        *(volatile UCHAR *)(faulty.common + 20) = 1;
    if (Wants("dma"))
        EnableQueue(0x1000);
    if (Wants("stop"))
        EnableQueue((ULONGLONG)faulty.shared_address.QuadPart);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS NTAPI Restart(NDIS_HANDLE context, PNDIS_MINIPORT_RESTART_PARAMETERS parameters)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(parameters);
    faulty.is_running = TRUE;
    return NDIS_STATUS_SUCCESS;
}

/* Received frames that are out come back before it ends; here that is left to a wait, which lets the system run. */
static NDIS_STATUS NTAPI Pause(NDIS_HANDLE context, PNDIS_MINIPORT_PAUSE_PARAMETERS parameters)
{
    ULONG i;
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(parameters);
    faulty.is_running = FALSE;
    for (i = 0; i < FRAMES; i++) {
        while (faulty.is_out[i] && !Wants("pause-early"))
            NdisMSleep(100);
    }
    if (Now("receive-paused"))
        Indicate(0, 60, 1, 0);
    if (Now("pause-twice"))
        NdisMPauseComplete(faulty.adapter);
    return Wants("pause-fails") ? NDIS_STATUS_FAILURE : Wants("pause-hangs") ? NDIS_STATUS_PENDING : NDIS_STATUS_SUCCESS;
}

static VOID NTAPI Halt(NDIS_HANDLE context, NDIS_HALT_ACTION action)
{
    ULONG i;
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(action);
    if (Now("receive-halted"))
        Indicate(0, 60, 1, 0);
    if (!Wants("interrupt-left"))
        NdisMDeregisterInterruptEx(faulty.interrupt);
    if (!Wants("timer-left"))
        NdisFreeTimerObject(faulty.timer);
    if (!Wants("work-item-left"))
        NdisFreeIoWorkItem(faulty.work_item);
    if (Wants("pool-used"))
        NdisFreeNetBufferListPool(faulty.pool);
    for (i = 0; i < FRAMES; i++) {
        NdisFreeNetBufferList(faulty.nbl[i]);
        NdisFreeMdl(faulty.mdl[i]);
        if (!Wants("memory-left"))
            NdisFreeMemory(faulty.bytes[i], 0, 0);
    }
    if (Wants("list-after")) {
        faulty.nbl[0]->Flags = 1;
        (VOID)NdisAllocateNetBufferList(faulty.pool, 0, 0);
        for (i = 0; i < FRAMES; i++)
            (VOID)NdisAllocateNetBufferList(faulty.pool, 0, 0);
    }
    if (!Wants("pool-left"))
        NdisFreeNetBufferListPool(faulty.pool);
    if (!Wants("registers-left"))
        NdisMUnmapIoSpace(faulty.adapter, faulty.registers, faulty.registers_length);
    faulty.registers = NULL;
    if (!Wants("shared-left"))
        NdisMFreeSharedMemory(faulty.adapter, Wants("shared-length") ? SHARED / 2 : SHARED, TRUE, faulty.shared,
                              faulty.shared_address);
    if (!Wants("dma-left"))
        NdisMDeregisterScatterGatherDma(faulty.dma);
}

static NDIS_STATUS NTAPI Request(NDIS_HANDLE context, PNDIS_OID_REQUEST request)
{
    UNREFERENCED_PARAMETER(context);
    if (request->DATA.SET_INFORMATION.Oid == OID_PNP_SET_POWER && Wants("power"))
        return NDIS_STATUS_NOT_SUPPORTED;
    request->DATA.SET_INFORMATION.BytesRead = request->DATA.SET_INFORMATION.InformationBufferLength;
    if (Now("oid-changed"))
        request->DATA.SET_INFORMATION.InformationBufferLength++;
    if (Now("oid-twice"))
        NdisMOidRequestComplete(faulty.adapter, request, NDIS_STATUS_SUCCESS);
    return Wants("oid-hangs") ? NDIS_STATUS_PENDING : NDIS_STATUS_SUCCESS;
}

static VOID NTAPI CancelRequest(NDIS_HANDLE context, PVOID id)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(id);
}

static BOOLEAN NTAPI CheckForHang(NDIS_HANDLE context)
{
    UNREFERENCED_PARAMETER(context);
    return FALSE;
}

static NDIS_STATUS NTAPI Reset(NDIS_HANDLE context, PBOOLEAN addressing)
{
    UNREFERENCED_PARAMETER(context);
    *addressing = TRUE;
    if (Wants("reset-twice")) {
        NdisMResetComplete(faulty.adapter, NDIS_STATUS_SUCCESS, FALSE);
        NdisMResetComplete(faulty.adapter, NDIS_STATUS_SUCCESS, FALSE);
    }
    return Wants("reset-hangs") ? NDIS_STATUS_PENDING : NDIS_STATUS_SUCCESS;
}

static VOID NTAPI Event(NDIS_HANDLE context, PNET_DEVICE_PNP_EVENT event)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(event);
}

static VOID NTAPI Shutdown(NDIS_HANDLE context, NDIS_SHUTDOWN_ACTION action)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(action);
}

static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
    if (!Wants("registered"))
        NdisMDeregisterMiniportDriver(faulty.driver);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS c;
    RtlZeroMemory(&c, sizeof(c));
    SetHeader(&c.Header, NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
              NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2, NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2);
    c.MajorNdisVersion = NDIS_MINIPORT_MAJOR_VERSION;
    c.MinorNdisVersion = NDIS_MINIPORT_MINOR_VERSION;
    c.InitializeHandlerEx = Initialize;
    c.HaltHandlerEx = Halt;
    c.UnloadHandler = Unload;
    c.PauseHandler = Pause;
    c.RestartHandler = Restart;
    c.OidRequestHandler = Request;
    c.SendNetBufferListsHandler = SendLists;
    c.ReturnNetBufferListsHandler = ReturnLists;
    c.CancelSendHandler = CancelSend;
    c.CheckForHangHandlerEx = CheckForHang;
    c.ResetHandlerEx = Reset;
    c.DevicePnPEventNotifyHandler = Event;
    c.ShutdownHandlerEx = Shutdown;
    c.CancelOidRequestHandler = CancelRequest;
    return NdisMRegisterMiniportDriver(driver, path, NULL, &c, &faulty.driver);
}
