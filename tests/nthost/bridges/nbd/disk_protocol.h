/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How the nbdkit plug-in asks the NT host for the disk: fixed records over a Unix stream socket, in the machine's byte
 * order. The server speaks first (hello). Requests may be answered in any order. Every field of both builds (32 and 64
 * bits) lies at the same offset.
 */
#ifndef DISK_PROTOCOL_H
#define DISK_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#define DISK_PROTOCOL_MAGIC 0x31736b6469546e61u

enum disk_op { DISK_READ = 1, DISK_WRITE = 2, DISK_FLUSH = 3 };

enum disk_hello_flags { DISK_HELLO_READ_ONLY = 1, DISK_HELLO_CAN_FLUSH = 2 };

struct disk_hello {
    uint64_t magic;
    uint64_t size;         /* bytes */
    uint32_t block_size;   /* offsets and lengths are multiples of it */
    uint32_t max_transfer; /* largest length of a request */
    uint32_t flags;
    uint32_t reserved;
};

struct disk_request_record {
    uint32_t id; /* unique among the requests in flight */
    uint32_t op;
    uint64_t offset;
    uint32_t length; /* 0 for a flush; a write is followed by this many bytes */
    uint32_t reserved;
};

struct disk_reply_record {
    uint32_t id;
    int32_t error;   /* errno value; 0: done */
    uint32_t length; /* of a read that was done: this many bytes follow; else 0 */
    uint32_t reserved;
};

_Static_assert(sizeof(struct disk_hello) == 32, "disk_hello");
_Static_assert(sizeof(struct disk_request_record) == 24 && offsetof(struct disk_request_record, offset) == 8,
               "request");
_Static_assert(sizeof(struct disk_reply_record) == 16, "reply");

#endif
