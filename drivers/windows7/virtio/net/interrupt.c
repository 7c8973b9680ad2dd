/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Interrupts: registration, service routines, DPCs. A service routine may come at any moment, half-built, reset or
 * sleeping device included (HOST-08, HOST-09). Layer: glue. IRQL: DIRQL and DISPATCH_LEVEL.
 */
#include "aerovnet.h"

#define ISR_GONE       0xFF /* all ones: nothing answers any more, so it is not us who holds the line */
#define PROCESSOR_BITS 32   /* of a TargetProcessors map */

/* Receives on the queues of a DPC and says in throttle, or by another DPC, that there is more. */
static VOID ServeReceive(AEROVNET_ADAPTER *adapter, UINT32 queues, NDIS_RECEIVE_THROTTLE_PARAMETERS *throttle)
{
    BOOLEAN is_unlimited = throttle->MaxNblsToIndicate == NDIS_INDICATE_ALL_NBLS;
    ULONG budget = is_unlimited ? AEROVNET_FRAMES_PER_DPC : throttle->MaxNblsToIndicate;
    UINT16 i;

    for (i = 0; i < adapter->device.pair_count; i++) {
        if ((queues & (1U << i)) == 0 || !AerovnetReceive(&adapter->rx[i], &budget))
            continue;
        if (is_unlimited)
            AerovnetQueueDpc(adapter, adapter->vectors.rx[i]);
        else
            throttle->MoreNblsPending = 1;
    }
}

static VOID Serve(AEROVNET_ADAPTER *adapter, const NET_VECTOR_WORK *work, BOOLEAN config_changed,
                  NDIS_RECEIVE_THROTTLE_PARAMETERS *throttle)
{
    UINT16 i;

    throttle->MoreNblsPending = 0;
    if (!adapter->is_ready)
        return;
    for (i = 0; i < adapter->device.pair_count; i++) {
        if ((work->tx & (1U << i)) != 0)
            AerovnetReap(&adapter->tx[i]);
    }
    if (work->rx != 0)
        ServeReceive(adapter, work->rx, throttle);
    if (work->config)
        AerovnetServeControl(adapter, config_changed);
}

static BOOLEAN NTAPI Interrupt(NDIS_HANDLE context, PBOOLEAN queue_dpc, PULONG processors)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;
    UINT8 isr;

    *queue_dpc = FALSE;
    *processors = 0;
    if (adapter->is_silent) /* its registers may not be touched, and it does not interrupt */
        return FALSE;
    isr = VirtioPciReadIsr(&adapter->device.pci); /* lowers the line */
    if (isr == 0 || isr == ISR_GONE)
        return FALSE;
    InterlockedOr(&adapter->isr, isr);
    InterlockedIncrement(&adapter->interrupts);
    *queue_dpc = TRUE;
    return TRUE;
}

static VOID NTAPI InterruptDpc(NDIS_HANDLE context, PVOID dpc_context, PVOID throttle, PVOID reserved)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;
    LONG isr = InterlockedExchange(&adapter->isr, 0);
    NET_VECTOR_WORK work;

    UNREFERENCED_PARAMETER(dpc_context);
    UNREFERENCED_PARAMETER(reserved);
    NetVectorsWork(&adapter->vectors, adapter->device.pair_count, 0, &work);
    Serve(adapter, &work, (isr & VIRTIO_PCI_ISR_CONFIG) != 0, (NDIS_RECEIVE_THROTTLE_PARAMETERS *)throttle);
}

static BOOLEAN NTAPI MessageInterrupt(NDIS_HANDLE context, ULONG message, PBOOLEAN queue_dpc, PULONG processors)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;

    UNREFERENCED_PARAMETER(message);
    InterlockedIncrement(&adapter->interrupts);
    *queue_dpc = TRUE;
    *processors = 0;
    return TRUE;
}

/*
 * A message that is the configuration's alone (and the control queue's) has it looked at; one that queues share too comes
 * too often for that: there the watchdog finds what changed.
 */
static VOID NTAPI MessageInterruptDpc(NDIS_HANDLE context, ULONG message, PVOID dpc_context, PVOID throttle,
                                      PVOID reserved)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;
    NET_VECTOR_WORK work;

    UNREFERENCED_PARAMETER(dpc_context);
    UNREFERENCED_PARAMETER(reserved);
    NetVectorsWork(&adapter->vectors, adapter->device.pair_count, (UINT16)message, &work);
    Serve(adapter, &work, work.rx == 0 && work.tx == 0, (NDIS_RECEIVE_THROTTLE_PARAMETERS *)throttle);
}

/*
 * NDIS has interrupts switched off and on for diagnosis only. A virtio device has no such switch that could be thrown at
 * DIRQL: what would hold back its queues is guarded by locks of a lower level. So these do nothing.
 */
static VOID NTAPI DisableInterrupt(NDIS_HANDLE context)
{
    UNREFERENCED_PARAMETER(context);
}

static VOID NTAPI EnableInterrupt(NDIS_HANDLE context)
{
    UNREFERENCED_PARAMETER(context);
}

static VOID NTAPI DisableMessageInterrupt(NDIS_HANDLE context, ULONG message)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(message);
}

static VOID NTAPI EnableMessageInterrupt(NDIS_HANDLE context, ULONG message)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(message);
}

/* How many messages PnP gave us, as far as the device has a table entry for them; 0: the line. */
static UINT16 CountMessages(const AEROVNET_ADAPTER *adapter, const NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS *granted)
{
    ULONG count;

    if (granted->InterruptType != NDIS_CONNECT_MESSAGE_BASED || granted->MessageInfoTable == NULL)
        return 0;
    count = granted->MessageInfoTable->MessageCount;
    if (count > adapter->device.pci.caps.msix_table_size)
        count = adapter->device.pci.caps.msix_table_size;
    return (UINT16)count;
}

NDIS_STATUS AerovnetInterruptInit(AEROVNET_ADAPTER *adapter)
{
    NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS interrupt;
    NDIS_STATUS status;

    RtlZeroMemory(&interrupt, sizeof(interrupt));
    interrupt.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_INTERRUPT;
    interrupt.Header.Revision = NDIS_MINIPORT_INTERRUPT_REVISION_1;
    interrupt.Header.Size = NDIS_SIZEOF_MINIPORT_INTERRUPT_CHARACTERISTICS_REVISION_1;
    interrupt.InterruptHandler = Interrupt;
    interrupt.InterruptDpcHandler = InterruptDpc;
    interrupt.DisableInterruptHandler = DisableInterrupt;
    interrupt.EnableInterruptHandler = EnableInterrupt;
    interrupt.MsiSupported = TRUE;
    interrupt.MessageInterruptHandler = MessageInterrupt;
    interrupt.MessageInterruptDpcHandler = MessageInterruptDpc;
    interrupt.DisableMessageInterruptHandler = DisableMessageInterrupt;
    interrupt.EnableMessageInterruptHandler = EnableMessageInterrupt;
    status = NdisMRegisterInterruptEx(adapter->handle, adapter, &interrupt, &adapter->interrupt);
    if (status != NDIS_STATUS_SUCCESS) {
        adapter->interrupt = NULL;
        adapter->device.reason = VIRTIO_REASON_NO_INTERRUPT;
        return status;
    }
    NetVectorsPlan(CountMessages(adapter, &interrupt), adapter->device.pair_count, &adapter->vectors);
    return NDIS_STATUS_SUCCESS;
}

VOID AerovnetInterruptUninit(AEROVNET_ADAPTER *adapter)
{
    if (adapter->interrupt != NULL)
        NdisMDeregisterInterruptEx(adapter->interrupt);
    adapter->interrupt = NULL;
}

VOID AerovnetQueueDpc(AEROVNET_ADAPTER *adapter, UINT16 vector)
{
    ULONG message = vector != VIRTIO_PCI_NO_VECTOR ? vector : 0; /* which means nothing with a line */

    (void)NdisMQueueDpc(adapter->interrupt, message, 1UL << (NdisCurrentProcessorIndex() % PROCESSOR_BITS), NULL);
}
