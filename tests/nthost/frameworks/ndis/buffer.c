/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Pools of NET_BUFFER_LIST and NET_BUFFER that a miniport makes, their MDLs, and the functions on a NET_BUFFER's data.
 * Memory of a freed record stays with its pool, filled with a pattern that must still be there when it is used again.
 */
#include "adapter.h"

#include <string.h>

#include "mem/memory.h"
#include "nt/mdl.h"
#include "verify/verify.h"

enum { RELEASED_BYTE = 0xdf, MOST_SPARE = 4096 };

struct pool {
    NET_BUFFER_LIST_POOL_PARAMETERS parameters; /* of a list pool */
    size_t record_size;
    void *spare[MOST_SPARE];
    unsigned spares;
};

static void *take_record(struct object *pool_object, const char *what)
{
    struct pool *pool = pool_object->detail;
    uint8_t *record;
    if (pool->spares == 0) {
        record = memory_alloc(MEMORY_POOL, pool->record_size, 0, what);
    } else {
        record = pool->spare[--pool->spares];
        for (size_t i = 0; i < pool->record_size; i++) {
            if (record[i] != RELEASED_BYTE) {
                rule_broken("ndis.released", "%s was written at offset %u after it was freed", what, (unsigned)i);
            }
        }
    }
    memset(record, 0, pool->record_size);
    pool_object->uses++;
    return record;
}

static void give_record(struct object *pool_object, void *record)
{
    struct pool *pool = pool_object->detail;
    memset(record, RELEASED_BYTE, pool->record_size);
    if (pool->spares == MOST_SPARE) {
        memory_free(record);
    } else {
        pool->spare[pool->spares++] = record;
    }
    pool_object->uses--;
}

static struct object *create_pool(enum object_kind kind, NDIS_HANDLE handle, size_t record_size)
{
    struct object *o = object_create(kind, adapter_or_driver(handle), NULL, record_size);
    struct pool *pool = host_zalloc(sizeof *pool);
    pool->record_size = record_size;
    o->detail = pool;
    return o;
}

static void free_pool(struct object *o)
{
    struct pool *pool = o->detail;
    if (o->uses != 0) {
        rule_broken("ndis.pool", "a pool is freed with %lu of its records in use", o->uses);
    }
    while (pool->spares > 0) {
        memory_free(pool->spare[--pool->spares]);
    }
    object_release(o);
}

/* ---- NET_BUFFER ---- */

static void set_data(NET_BUFFER *nb, MDL *chain, uint32_t offset, uint32_t length)
{
    nb->MdlChain = chain;
    nb->DataOffset = offset;
    nb->DataLength = length;
    nb->CurrentMdl = chain;
    nb->CurrentMdlOffset = offset;
    while (nb->CurrentMdl != NULL && nb->CurrentMdlOffset >= nb->CurrentMdl->ByteCount &&
           nb->CurrentMdl->Next != NULL) {
        nb->CurrentMdlOffset -= nb->CurrentMdl->ByteCount;
        nb->CurrentMdl = nb->CurrentMdl->Next;
    }
}

NDIS_HANDLE NTAPI NdisAllocateNetBufferPool(NDIS_HANDLE NdisHandle, PNET_BUFFER_POOL_PARAMETERS Parameters)
{
    header_check(&Parameters->Header, NDIS_OBJECT_TYPE_DEFAULT, 1, sizeof *Parameters, "NET_BUFFER_POOL_PARAMETERS");
    if (Parameters->DataSize != 0) {
        host_fatal("NET_BUFFER pools with data are not served");
    }
    return create_pool(OBJECT_BUFFER_POOL, NdisHandle, sizeof(NET_BUFFER));
}

VOID NTAPI NdisFreeNetBufferPool(NDIS_HANDLE PoolHandle)
{
    free_pool(object_of(PoolHandle, OBJECT_BUFFER_POOL));
}

PNET_BUFFER NTAPI NdisAllocateNetBuffer(NDIS_HANDLE PoolHandle, PMDL MdlChain, ULONG DataOffset, SIZE_T DataLength)
{
    struct object *pool = object_of(PoolHandle, OBJECT_BUFFER_POOL), *o;
    NET_BUFFER *nb = take_record(pool, "NET_BUFFER");
    o = object_create(OBJECT_BUFFER, pool->adapter, nb, sizeof *nb);
    o->pool = pool;
    nb->NdisPoolHandle = pool;
    set_data(nb, MdlChain, DataOffset, (uint32_t)DataLength);
    return nb;
}

VOID NTAPI NdisFreeNetBuffer(PNET_BUFFER NetBuffer)
{
    struct object *o = object_at(OBJECT_BUFFER, NetBuffer);
    if (o == NULL) {
        rule_broken("ndis.pool", "%p is freed, but is no NET_BUFFER of this driver", (void *)NetBuffer);
    }
    give_record(o->pool, NetBuffer);
    object_release(o);
}

/* ---- NET_BUFFER_LIST ---- */

NDIS_HANDLE NTAPI NdisAllocateNetBufferListPool(NDIS_HANDLE NdisHandle, PNET_BUFFER_LIST_POOL_PARAMETERS Parameters)
{
    struct object *o;
    size_t size = sizeof(NET_BUFFER_LIST);
    header_check(&Parameters->Header, NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                 "NET_BUFFER_LIST_POOL_PARAMETERS");
    if (Parameters->ContextSize % MEMORY_ALLOCATION_ALIGNMENT != 0 || Parameters->DataSize != 0) {
        rule_broken("ndis.pool", "a context of %u bytes is not aligned, or data of %u bytes", Parameters->ContextSize,
                    (unsigned)Parameters->DataSize);
    }
    if (Parameters->ContextSize != 0) {
        size += sizeof(NET_BUFFER_LIST_CONTEXT) + Parameters->ContextSize;
    }
    if (Parameters->fAllocateNetBuffer) {
        size += sizeof(NET_BUFFER) + MEMORY_ALLOCATION_ALIGNMENT;
    }
    o = create_pool(OBJECT_LIST_POOL, NdisHandle, size);
    ((struct pool *)o->detail)->parameters = *Parameters;
    return o;
}

VOID NTAPI NdisFreeNetBufferListPool(NDIS_HANDLE PoolHandle)
{
    free_pool(object_of(PoolHandle, OBJECT_LIST_POOL));
}

static NET_BUFFER_LIST *allocate_list(struct object *pool_object, uint32_t context_size, uint32_t back_fill)
{
    const struct pool *pool = pool_object->detail;
    NET_BUFFER_LIST *nbl = take_record(pool_object, "NET_BUFFER_LIST");
    struct object *o = object_create(OBJECT_LIST, pool_object->adapter, nbl, sizeof *nbl);
    o->pool = pool_object;
    if (context_size + back_fill > pool->parameters.ContextSize) {
        rule_broken("ndis.pool", "a context of %u bytes from a pool made for %u", context_size + back_fill,
                    pool->parameters.ContextSize);
    }
    if (context_size != 0) {
        nbl->Context = (NET_BUFFER_LIST_CONTEXT *)(nbl + 1);
        nbl->Context->Size = (USHORT)context_size;
        nbl->Context->Offset = (USHORT)(pool->parameters.ContextSize - context_size);
    }
    nbl->NdisPoolHandle = pool_object;
    return nbl;
}

PNET_BUFFER_LIST NTAPI NdisAllocateNetBufferList(NDIS_HANDLE PoolHandle, USHORT ContextSize, USHORT ContextBackFill)
{
    return allocate_list(object_of(PoolHandle, OBJECT_LIST_POOL), ContextSize, ContextBackFill);
}

PNET_BUFFER_LIST NTAPI NdisAllocateNetBufferAndNetBufferList(NDIS_HANDLE PoolHandle, USHORT ContextSize,
                                                             USHORT ContextBackFill, PMDL MdlChain, ULONG DataOffset,
                                                             SIZE_T DataLength)
{
    struct object *pool_object = object_of(PoolHandle, OBJECT_LIST_POOL);
    const struct pool *pool = pool_object->detail;
    NET_BUFFER_LIST *nbl;
    uintptr_t end;
    if (!pool->parameters.fAllocateNetBuffer) {
        rule_broken("ndis.pool", "a NET_BUFFER is wanted from a pool that was made without fAllocateNetBuffer");
    }
    nbl = allocate_list(pool_object, ContextSize, ContextBackFill);
    end = (uintptr_t)nbl + pool->record_size - sizeof(NET_BUFFER);
    nbl->FirstNetBuffer = (NET_BUFFER *)(end & ~(uintptr_t)(MEMORY_ALLOCATION_ALIGNMENT - 1));
    nbl->FirstNetBuffer->NdisPoolHandle = pool_object;
    set_data(nbl->FirstNetBuffer, MdlChain, DataOffset, (uint32_t)DataLength);
    return nbl;
}

VOID NTAPI NdisFreeNetBufferList(PNET_BUFFER_LIST NetBufferList)
{
    struct object *o = object_at(OBJECT_LIST, NetBufferList);
    if (o == NULL) {
        rule_broken("ndis.pool", "%p is freed, but is no NET_BUFFER_LIST of this driver", (void *)NetBufferList);
    }
    if (o->uses != 0) {
        rule_broken("ndis.returned", "a NET_BUFFER_LIST is freed that was indicated and has not come back");
    }
    give_record(o->pool, NetBufferList);
    object_release(o);
}

/* ---- MDLs ---- */

PMDL NTAPI NdisAllocateMdl(NDIS_HANDLE NdisHandle, PVOID VirtualAddress, UINT Length)
{
    MDL *mdl;
    if (!memory_holds(VirtualAddress, Length)) {
        rule_broken("mdl.memory", "%p, %u bytes, is no nonpaged memory of this driver", VirtualAddress, Length);
    }
    mdl = memory_alloc(MEMORY_POOL, mdl_size(Length), 0, "MDL");
    mdl_describe(mdl, VirtualAddress, Length, true);
    object_create(OBJECT_MDL, adapter_or_driver(NdisHandle), mdl, Length);
    return mdl;
}

VOID NTAPI NdisFreeMdl(PMDL Mdl)
{
    struct object *o = object_at(OBJECT_MDL, Mdl);
    if (o == NULL) {
        rule_broken("ndis.pool", "%p is freed, but is no MDL of this driver", (void *)Mdl);
    }
    memory_free(Mdl);
    object_release(o);
}

/* ---- Data ---- */

VOID NTAPI NdisAdjustNetBufferCurrentMdl(PNET_BUFFER NetBuffer)
{
    set_data(NetBuffer, NetBuffer->MdlChain, NetBuffer->DataOffset, NetBuffer->DataLength);
}

VOID NTAPI NdisAdvanceNetBufferDataStart(PNET_BUFFER NetBuffer, ULONG DataOffsetDelta, BOOLEAN FreeMdl,
                                         NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler)
{
    (void)FreeMdlHandler;
    if (FreeMdl || DataOffsetDelta > NetBuffer->DataLength) {
        rule_broken("ndis.data", "data is advanced past its end, or MDLs are to be freed by it");
    }
    set_data(NetBuffer, NetBuffer->MdlChain, NetBuffer->DataOffset + DataOffsetDelta,
             NetBuffer->DataLength - DataOffsetDelta);
}

NDIS_STATUS NTAPI NdisRetreatNetBufferDataStart(PNET_BUFFER NetBuffer, ULONG DataOffsetDelta, ULONG DataBackFill,
                                                NET_BUFFER_ALLOCATE_MDL_HANDLER AllocateMdlHandler)
{
    (void)DataBackFill;
    (void)AllocateMdlHandler;
    if (DataOffsetDelta > NetBuffer->DataOffset) {
        return NDIS_STATUS_RESOURCES;
    }
    set_data(NetBuffer, NetBuffer->MdlChain, NetBuffer->DataOffset - DataOffsetDelta,
             NetBuffer->DataLength + DataOffsetDelta);
    return NDIS_STATUS_SUCCESS;
}

PVOID NTAPI NdisGetDataBuffer(PNET_BUFFER NetBuffer, ULONG BytesNeeded, PVOID Storage, UINT AlignMultiple,
                              UINT AlignOffset)
{
    const MDL *mdl = NetBuffer->CurrentMdl;
    uint32_t offset = NetBuffer->CurrentMdlOffset, done = 0;
    if (BytesNeeded == 0 || BytesNeeded > NetBuffer->DataLength) {
        return NULL;
    }
    if (mdl->ByteCount - offset >= BytesNeeded) {
        uint8_t *at = mdl_bytes(mdl) + offset;
        if (((uintptr_t)at - AlignOffset) % AlignMultiple == 0) {
            return at;
        }
    }
    while (Storage != NULL && done < BytesNeeded) {
        uint32_t piece = mdl->ByteCount - offset;
        piece = piece < BytesNeeded - done ? piece : BytesNeeded - done;
        memcpy((uint8_t *)Storage + done, mdl_bytes(mdl) + offset, piece);
        done += piece;
        mdl = mdl->Next;
        offset = 0;
    }
    return Storage;
}
