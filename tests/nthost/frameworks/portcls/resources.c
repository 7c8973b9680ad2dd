/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* IResourceList. audio_r "IResourceList". */
#include "port.h"

#include "mem/memory.h"
#include "verify/verify.h"

struct resources {
    struct object object;
    CM_RESOURCE_LIST *translated, *raw; /* the object's own */
};

static struct table table;

static CM_PARTIAL_RESOURCE_DESCRIPTOR *find(CM_RESOURCE_LIST *list, CM_RESOURCE_TYPE type, ULONG index)
{
    CM_PARTIAL_RESOURCE_LIST *partial = &list->List[0].PartialResourceList;
    for (ULONG i = 0; i < partial->Count; i++) {
        if (partial->PartialDescriptors[i].Type == type && index-- == 0) {
            return &partial->PartialDescriptors[i];
        }
    }
    return NULL;
}

static struct resources *of(IResourceList *this)
{
    return (struct resources *)pc_object_of(this, "IResourceList");
}

static ULONG NTAPI entries(IResourceList *this)
{
    return of(this)->translated->List[0].PartialResourceList.Count;
}

static ULONG NTAPI entries_of_type(IResourceList *this, CM_RESOURCE_TYPE type)
{
    ULONG count = 0;
    while (find(of(this)->translated, type, count) != NULL) {
        count++;
    }
    return count;
}

static PCM_PARTIAL_RESOURCE_DESCRIPTOR NTAPI find_translated(IResourceList *this, CM_RESOURCE_TYPE type, ULONG index)
{
    return find(of(this)->translated, type, index);
}

static PCM_PARTIAL_RESOURCE_DESCRIPTOR NTAPI find_raw(IResourceList *this, CM_RESOURCE_TYPE type, ULONG index)
{
    return find(of(this)->raw, type, index);
}

static PCM_RESOURCE_LIST NTAPI translated_list(IResourceList *this)
{
    return of(this)->translated;
}

static PCM_RESOURCE_LIST NTAPI raw_list(IResourceList *this)
{
    return of(this)->raw;
}

static struct export methods[] = {
    METHOD(IResourceList::NumberOfEntries, entries),
    METHOD(IResourceList::NumberOfEntriesOfType, entries_of_type),
    METHOD(IResourceList::FindTranslatedEntry, find_translated),
    METHOD(IResourceList::FindUntranslatedEntry, find_raw),
    METHOD(IResourceList::AddEntry, NULL),
    METHOD(IResourceList::AddEntryFromParent, NULL),
    METHOD(IResourceList::TranslatedList, translated_list),
    METHOD(IResourceList::UntranslatedList, raw_list),
};

static void destroy(struct object *object)
{
    struct resources *r = (struct resources *)object;
    memory_free(r->translated);
    memory_free(r->raw);
}

IResourceList *resources_create(CM_RESOURCE_LIST *translated, CM_RESOURCE_LIST *raw)
{
    struct resources *r = (struct resources *)pc_object_create(sizeof *r, "IResourceList", &table, &IID_IResourceList, destroy);
    r->translated = translated;
    r->raw = raw;
    return (IResourceList *)&r->object.face[0];
}

void resources_init(void)
{
    table_make(&table, methods, sizeof methods / sizeof methods[0]);
}
