/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The SCSI disk's command set. One function per command or command family; each gets the private copy of the CDB.
 * SPC-3, SBC-3. Layer: core. Highest IRQL: any.
 */
#include "scsi_disk.h"

/* Longest answer of any command: VPD 83 with vendor, product and serial number. */
#define SCSI_ANSWER_MAX 64

/* START STOP UNIT byte 4 */
#define SCSI_START_BIT           0x01
#define SCSI_START_LOEJ          0x02
#define SCSI_START_NO_FLUSH      0x04
#define SCSI_START_POWER         0xF0

static UINT32 ReadBe16(const UINT8 *from)
{
    return ((UINT32)from[0] << 8) | from[1];
}

static UINT32 ReadBe32(const UINT8 *from)
{
    return (ReadBe16(from) << 16) | ReadBe16(from + 2);
}

static UINT64 ReadBe64(const UINT8 *from)
{
    return ((UINT64)ReadBe32(from) << 32) | ReadBe32(from + 4);
}

static VOID WriteBe16(UINT8 *to, UINT32 value)
{
    to[0] = (UINT8)(value >> 8);
    to[1] = (UINT8)value;
}

static VOID WriteBe32(UINT8 *to, UINT32 value)
{
    WriteBe16(to, value >> 16);
    WriteBe16(to + 2, value);
}

static VOID WriteBe64(UINT8 *to, UINT64 value)
{
    WriteBe32(to, (UINT32)(value >> 32));
    WriteBe32(to + 4, (UINT32)value);
}

VOID ScsiActionFail(SCSI_ACTION *action, UINT8 sense_key, UINT16 asc)
{
    action->kind = SCSI_ACTION_DONE;
    action->status = SCSI_STATUS_CHECK_CONDITION;
    action->sense_key = sense_key;
    action->asc = asc;
    action->info_valid = FALSE;
    action->info = 0;
    action->transferred = 0;
}

UINT32 ScsiBuildSense(const SCSI_ACTION *action, UINT8 *sense, UINT32 length)
{
    UINT8 full[SCSI_SENSE_LENGTH];

    RtlZeroMemory(full, sizeof(full));
    full[0] = SCSI_SENSE_FIXED;
    if (action->info_valid)
        full[0] |= SCSI_SENSE_VALID;
    full[SCSI_SENSE_OFF_KEY] = action->sense_key;
    WriteBe32(full + SCSI_SENSE_OFF_INFO, action->info);
    full[SCSI_SENSE_OFF_LENGTH] = SCSI_SENSE_LENGTH - 8;
    WriteBe16(full + SCSI_SENSE_OFF_ASC, action->asc);
    if (length > sizeof(full))
        length = sizeof(full);
    if (length != 0)
        RtlCopyMemory(sense, full, length);
    return length;
}

static VOID FailField(SCSI_ACTION *action)
{
    ScsiActionFail(action, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_INVALID_FIELD_IN_CDB);
}

/* Hands out an answer, cut to the allocation length and to the buffer. */
static VOID Answer(const SCSI_REQUEST *request, SCSI_ACTION *action, const UINT8 *answer, UINT32 length,
                   UINT32 allocation_length)
{
    if (length > allocation_length)
        length = allocation_length;
    if (length > request->data_length)
        length = request->data_length;
    if (length == 0)
        return;
    if (request->data == NULL || !request->data_in) {
        FailField(action);
        return;
    }
    RtlCopyMemory(request->data, answer, length);
    action->transferred = length;
}

static BOOLEAN IsReady(const SCSI_DISK *disk, SCSI_ACTION *action)
{
    if (disk->block_count != 0)
        return TRUE;
    ScsiActionFail(action, SCSI_SENSE_KEY_NOT_READY, SCSI_ASC_NOT_READY);
    return FALSE;
}

/* Whether all of count blocks from lba on are there; lba itself has to be, even with a count of 0. */
static BOOLEAN IsInRange(const SCSI_DISK *disk, UINT64 lba, UINT32 count, SCSI_ACTION *action)
{
    UINT64 first_bad = lba < disk->block_count ? disk->block_count : lba;

    if (!IsReady(disk, action))
        return FALSE;
    if (lba < disk->block_count && count <= disk->block_count - lba)
        return TRUE;
    ScsiActionFail(action, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_LBA_OUT_OF_RANGE);
    if (first_bad <= 0xFFFFFFFF) {
        action->info_valid = TRUE;
        action->info = (UINT32)first_bad;
    }
    return FALSE;
}

static VOID InquiryStandard(const SCSI_DISK *disk, UINT8 *page)
{
    page[0] = SCSI_DEVICE_DISK;
    page[2] = SCSI_VERSION_SPC3;
    page[3] = SCSI_RESPONSE_FORMAT;
    page[4] = SCSI_INQUIRY_LENGTH - 5;
    page[7] = SCSI_INQUIRY_CMDQUE;
    RtlCopyMemory(page + 8, disk->vendor, SCSI_VENDOR_LENGTH);
    RtlCopyMemory(page + 16, disk->product, SCSI_PRODUCT_LENGTH);
    RtlCopyMemory(page + 32, disk->revision, SCSI_REVISION_LENGTH);
}

/* The serial number, or blanks: SPC's way of saying that there is none. */
static UINT32 InquirySerial(const SCSI_DISK *disk, UINT8 *page)
{
    UINT32 length = disk->serial_length;

    if (length == 0) {
        length = SCSI_SERIAL_MAX;
        memset(page + 4, ' ', length);
    } else {
        RtlCopyMemory(page + 4, disk->serial, length);
    }
    page[3] = (UINT8)length;
    return 4 + length;
}

/*
 * One T10 vendor designator of the unit. It has to differ between the disks of a machine, or the class drivers take
 * them for paths to one disk; so without a serial number the location goes in.
 */
static UINT32 InquiryIdentification(const SCSI_DISK *disk, UINT8 *page)
{
    const char *unique = disk->serial_length != 0 ? disk->serial : disk->location;
    UINT32 unique_length = disk->serial_length != 0 ? disk->serial_length : disk->location_length;
    UINT32 length = SCSI_VENDOR_LENGTH + SCSI_PRODUCT_LENGTH + unique_length;

    page[3] = (UINT8)(4 + length);
    page[4] = SCSI_CODE_SET_ASCII;
    page[5] = SCSI_DESIGNATOR_T10;
    page[7] = (UINT8)length;
    RtlCopyMemory(page + 8, disk->vendor, SCSI_VENDOR_LENGTH);
    RtlCopyMemory(page + 8 + SCSI_VENDOR_LENGTH, disk->product, SCSI_PRODUCT_LENGTH);
    RtlCopyMemory(page + 8 + SCSI_VENDOR_LENGTH + SCSI_PRODUCT_LENGTH, unique, unique_length);
    return 8 + length;
}

static VOID Inquiry(const SCSI_DISK *disk, const SCSI_REQUEST *request, const UINT8 *cdb, SCSI_ACTION *action)
{
    static const UINT8 pages[] = {SCSI_VPD_SUPPORTED_PAGES, SCSI_VPD_SERIAL_NUMBER, SCSI_VPD_IDENTIFICATION};
    UINT8 page[SCSI_ANSWER_MAX];
    UINT32 length;

    RtlZeroMemory(page, sizeof(page));
    if ((cdb[1] & ~SCSI_CDB_EVPD & 0x1F) != 0) {
        FailField(action);
        return;
    }
    if ((cdb[1] & SCSI_CDB_EVPD) == 0) {
        if (cdb[2] != 0) {
            FailField(action);
            return;
        }
        InquiryStandard(disk, page);
        if (request->lun != 0)
            page[0] = SCSI_DEVICE_NOT_PRESENT;
        Answer(request, action, page, SCSI_INQUIRY_LENGTH, ReadBe16(cdb + 3));
        return;
    }
    if (request->lun != 0) {
        ScsiActionFail(action, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_LUN_NOT_SUPPORTED);
        return;
    }
    page[0] = SCSI_DEVICE_DISK;
    page[1] = cdb[2];
    switch (cdb[2]) {
    case SCSI_VPD_SUPPORTED_PAGES:
        page[3] = sizeof(pages);
        RtlCopyMemory(page + 4, pages, sizeof(pages));
        length = 4 + sizeof(pages);
        break;
    case SCSI_VPD_SERIAL_NUMBER:
        length = InquirySerial(disk, page);
        break;
    case SCSI_VPD_IDENTIFICATION:
        length = InquiryIdentification(disk, page);
        break;
    default:
        FailField(action);
        return;
    }
    Answer(request, action, page, length, ReadBe16(cdb + 3));
}

static VOID ReportLuns(const SCSI_REQUEST *request, const UINT8 *cdb, SCSI_ACTION *action)
{
    UINT8 list[16];
    UINT32 length = cdb[2] == 1 ? 8 : 16; /* 1: well-known units, there are none */

    if (cdb[2] > 2) {
        FailField(action);
        return;
    }
    RtlZeroMemory(list, sizeof(list));
    WriteBe32(list, length - 8);
    Answer(request, action, list, length, ReadBe32(cdb + 6));
}

static VOID RequestSense(SCSI_DISK *disk, const SCSI_REQUEST *request, const UINT8 *cdb, SCSI_ACTION *action)
{
    UINT8 sense[SCSI_SENSE_LENGTH];
    SCSI_ACTION pending;

    if ((cdb[1] & SCSI_CDB_DESC) != 0) {
        FailField(action);
        return;
    }
    RtlZeroMemory(&pending, sizeof(pending));
    if (request->lun != 0) {
        ScsiActionFail(&pending, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_LUN_NOT_SUPPORTED);
    } else if (disk->capacity_changed) {
        ScsiActionFail(&pending, SCSI_SENSE_KEY_UNIT_ATTENTION, SCSI_ASC_CAPACITY_CHANGED);
        disk->capacity_changed = FALSE;
    }
    ScsiBuildSense(&pending, sense, sizeof(sense));
    Answer(request, action, sense, sizeof(sense), cdb[4]);
}

static VOID ReadCapacity10(const SCSI_DISK *disk, const SCSI_REQUEST *request, SCSI_ACTION *action)
{
    UINT8 data[8];
    UINT64 last = disk->block_count - 1;

    if (!IsReady(disk, action))
        return;
    WriteBe32(data, last > 0xFFFFFFFF ? 0xFFFFFFFF : (UINT32)last);
    WriteBe32(data + 4, disk->block_size);
    Answer(request, action, data, sizeof(data), sizeof(data));
}

static VOID ReadCapacity16(const SCSI_DISK *disk, const SCSI_REQUEST *request, const UINT8 *cdb, SCSI_ACTION *action)
{
    UINT8 data[32];

    if ((cdb[1] & 0x1F) != SCSI_SERVICE_READ_CAPACITY_16) {
        FailField(action);
        return;
    }
    if (!IsReady(disk, action))
        return;
    RtlZeroMemory(data, sizeof(data));
    WriteBe64(data, disk->block_count - 1);
    WriteBe32(data + 8, disk->block_size);
    data[13] = disk->physical_exponent & 0x0F;
    WriteBe16(data + 14, disk->lowest_aligned_block & 0x3FFF);
    Answer(request, action, data, sizeof(data), ReadBe32(cdb + 10));
}

/* Block descriptor behind the mode header: short form, or long form with LLBAA. */
static UINT32 ModeBlockDescriptor(const SCSI_DISK *disk, UINT8 *to, BOOLEAN is_long)
{
    if (is_long) {
        WriteBe64(to, disk->block_count);
        WriteBe32(to + 12, disk->block_size);
        return 16;
    }
    WriteBe32(to, disk->block_count > 0xFFFFFFFF ? 0xFFFFFFFF : (UINT32)disk->block_count);
    WriteBe32(to + 4, disk->block_size); /* a density byte of 0, then 24 bits */
    return 8;
}

static VOID ModeSense(const SCSI_DISK *disk, const SCSI_REQUEST *request, const UINT8 *cdb, SCSI_ACTION *action)
{
    BOOLEAN is_ten = cdb[0] == SCSI_OP_MODE_SENSE_10;
    BOOLEAN is_long = is_ten && (cdb[1] & SCSI_CDB_LLBAA) != 0;
    UINT8 page_control = cdb[2] >> 6;
    UINT8 page = cdb[2] & 0x3F;
    UINT8 data[8 + 16 + SCSI_CACHING_LENGTH];
    UINT32 header = is_ten ? 8 : 4;
    UINT32 descriptor = 0;
    UINT32 length;
    UINT8 specific = 0;

    if (page_control == SCSI_PC_SAVED) {
        ScsiActionFail(action, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_SAVING_NOT_SUPPORTED);
        return;
    }
    if ((page != SCSI_PAGE_CACHING && page != SCSI_PAGE_ALL) || (cdb[3] != 0 && cdb[3] != 0xFF)) {
        FailField(action);
        return;
    }
    RtlZeroMemory(data, sizeof(data));
    if ((cdb[1] & SCSI_CDB_DBD) == 0)
        descriptor = ModeBlockDescriptor(disk, data + header, is_long);
    length = header + descriptor;

    data[length] = SCSI_PAGE_CACHING;
    data[length + 1] = SCSI_CACHING_LENGTH - 2;
    if (disk->write_cache && page_control != SCSI_PC_CHANGEABLE) /* nothing can be changed: MODE SELECT is refused */
        data[length + 2] = SCSI_CACHING_WCE;
    length += SCSI_CACHING_LENGTH;

    if (disk->read_only)
        specific |= SCSI_MODE_WP;
    if (disk->force_unit_access)
        specific |= SCSI_MODE_DPOFUA;
    if (is_ten) {
        WriteBe16(data, length - 2);
        data[3] = specific;
        data[4] = is_long ? 1 : 0;
        WriteBe16(data + 6, descriptor);
    } else {
        data[0] = (UINT8)(length - 1);
        data[2] = specific;
        data[3] = (UINT8)descriptor;
    }
    Answer(request, action, data, length, is_ten ? ReadBe16(cdb + 7) : cdb[4]);
}

/* Address and count of a CDB by its length group. READ and WRITE (6) are the only ones of six bytes. */
static VOID ParseExtent(const UINT8 *cdb, UINT64 *lba, UINT32 *count)
{
    switch (cdb[0] >> 5) {
    case 0:
        *lba = ReadBe32(cdb) & 0x1FFFFF;
        *count = cdb[4] != 0 ? cdb[4] : 256;
        break;
    case 1:
        *lba = ReadBe32(cdb + 2);
        *count = ReadBe16(cdb + 7);
        break;
    case 5:
        *lba = ReadBe32(cdb + 2);
        *count = ReadBe32(cdb + 6);
        break;
    default:
        *lba = ReadBe64(cdb + 2);
        *count = ReadBe32(cdb + 10);
        break;
    }
}

static VOID ReadWrite(const SCSI_DISK *disk, const SCSI_REQUEST *request, const UINT8 *cdb, BOOLEAN is_write,
                      SCSI_ACTION *action)
{
    BOOLEAN is_six = (cdb[0] >> 5) == 0;
    UINT64 length;

    ParseExtent(cdb, &action->lba, &action->block_count);
    if (!is_six && (cdb[1] & SCSI_CDB_PROTECT) != 0) {
        FailField(action);
        return;
    }
    if (is_write && disk->read_only) {
        ScsiActionFail(action, SCSI_SENSE_KEY_DATA_PROTECT, SCSI_ASC_WRITE_PROTECTED);
        return;
    }
    if (!IsInRange(disk, action->lba, action->block_count, action) || action->block_count == 0)
        return;
    length = (UINT64)action->block_count * disk->block_size;
    /* A read into a buffer that was only locked for reading would let a program write where it may not. */
    if (length > request->data_length || !(is_write ? request->data_out : request->data_in)) {
        FailField(action);
        return;
    }
    action->kind = is_write ? SCSI_ACTION_WRITE : SCSI_ACTION_READ;
    action->fua = is_write && !is_six && (cdb[1] & SCSI_CDB_FUA) != 0;
    action->transferred = (UINT32)length;
}

/* Without byte check: the blocks are there. Reading them is left to READ; a virtual medium has no surface to scan. */
static VOID Verify(const SCSI_DISK *disk, const UINT8 *cdb, SCSI_ACTION *action)
{
    UINT64 lba;
    UINT32 count;

    if ((cdb[1] & (SCSI_CDB_BYTCHK | SCSI_CDB_PROTECT)) != 0) {
        FailField(action);
        return;
    }
    ParseExtent(cdb, &lba, &count);
    (void)IsInRange(disk, lba, count, action);
}

static VOID SynchronizeCache(const SCSI_DISK *disk, const UINT8 *cdb, SCSI_ACTION *action)
{
    UINT64 lba;
    UINT32 count;

    ParseExtent(cdb, &lba, &count);
    if (IsInRange(disk, lba, count, action)) /* the whole cache is flushed, whatever the range */
        action->kind = SCSI_ACTION_FLUSH;
}

static VOID StartStopUnit(const UINT8 *cdb, SCSI_ACTION *action)
{
    if ((cdb[4] & (SCSI_START_LOEJ | SCSI_START_POWER)) != 0) {
        FailField(action);
        return;
    }
    if ((cdb[4] & (SCSI_START_BIT | SCSI_START_NO_FLUSH)) == 0)
        action->kind = SCSI_ACTION_FLUSH;
}

/* Length of a CDB by its group; 0: no command of that group is known. */
static UINT8 CdbLength(UINT8 opcode)
{
    static const UINT8 lengths[8] = {6, 10, 10, 0, 16, 12, 0, 0};

    return lengths[opcode >> 5];
}

/* Commands that are answered whatever state the unit is in, and for missing units too. */
static BOOLEAN ExecuteAlways(SCSI_DISK *disk, const SCSI_REQUEST *request, const UINT8 *cdb, SCSI_ACTION *action)
{
    switch (cdb[0]) {
    case SCSI_OP_INQUIRY:
        Inquiry(disk, request, cdb, action);
        return TRUE;
    case SCSI_OP_REPORT_LUNS:
        ReportLuns(request, cdb, action);
        return TRUE;
    case SCSI_OP_REQUEST_SENSE:
        RequestSense(disk, request, cdb, action);
        return TRUE;
    default:
        return FALSE;
    }
}

static VOID ExecuteUnit(SCSI_DISK *disk, const SCSI_REQUEST *request, const UINT8 *cdb, SCSI_ACTION *action)
{
    switch (cdb[0]) {
    case SCSI_OP_TEST_UNIT_READY:
        (void)IsReady(disk, action);
        break;
    case SCSI_OP_READ_6:
    case SCSI_OP_READ_10:
    case SCSI_OP_READ_12:
    case SCSI_OP_READ_16:
        ReadWrite(disk, request, cdb, FALSE, action);
        break;
    case SCSI_OP_WRITE_6:
    case SCSI_OP_WRITE_10:
    case SCSI_OP_WRITE_12:
    case SCSI_OP_WRITE_16:
        ReadWrite(disk, request, cdb, TRUE, action);
        break;
    case SCSI_OP_READ_CAPACITY_10:
        ReadCapacity10(disk, request, action);
        break;
    case SCSI_OP_SERVICE_ACTION_IN_16:
        ReadCapacity16(disk, request, cdb, action);
        break;
    case SCSI_OP_MODE_SENSE_6:
    case SCSI_OP_MODE_SENSE_10:
        ModeSense(disk, request, cdb, action);
        break;
    case SCSI_OP_VERIFY_10:
    case SCSI_OP_VERIFY_12:
    case SCSI_OP_VERIFY_16:
        Verify(disk, cdb, action);
        break;
    case SCSI_OP_SYNCHRONIZE_CACHE_10:
    case SCSI_OP_SYNCHRONIZE_CACHE_16:
        SynchronizeCache(disk, cdb, action);
        break;
    case SCSI_OP_START_STOP_UNIT:
        StartStopUnit(cdb, action);
        break;
    case SCSI_OP_PREVENT_ALLOW:
        break; /* the medium cannot be removed anyway */
    default:
        ScsiActionFail(action, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_INVALID_OPCODE);
        break;
    }
}

VOID ScsiDiskExecute(SCSI_DISK *disk, const SCSI_REQUEST *request, SCSI_ACTION *action)
{
    UINT8 cdb[SCSI_CDB_MAX];
    UINT8 length = request->cdb_length;

    RtlZeroMemory(action, sizeof(*action));
    RtlZeroMemory(cdb, sizeof(cdb));
    if (length == 0) {
        FailField(action);
        return;
    }
    RtlCopyMemory(cdb, request->cdb, length < sizeof(cdb) ? length : sizeof(cdb));
    if (length < CdbLength(cdb[0])) {
        FailField(action);
        return;
    }
    if (ExecuteAlways(disk, request, cdb, action))
        return;
    if (request->lun != 0) {
        ScsiActionFail(action, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_LUN_NOT_SUPPORTED);
        return;
    }
    if (disk->capacity_changed) {
        disk->capacity_changed = FALSE;
        ScsiActionFail(action, SCSI_SENSE_KEY_UNIT_ATTENTION, SCSI_ASC_CAPACITY_CHANGED);
        return;
    }
    ExecuteUnit(disk, request, cdb, action);
}
