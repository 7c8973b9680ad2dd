/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The NT host's end of the disk socket: takes requests from the nbdkit plug-in, one client at a time, never blocking.
 *
 * The data of each request lies in memory that the host gives (allocate), so that it can be the very memory the device
 * reads and writes. One thread. A client that goes away with requests open: they are still to be answered, the answers
 * are dropped.
 */
#ifndef DISK_SERVER_H
#define DISK_SERVER_H

#include "disk_protocol.h"

#include <stdbool.h>

struct disk_request {
    enum disk_op op;
    uint64_t offset; /* bytes, checked against size and block size */
    uint32_t length; /* 0 for a flush */
    void *data;      /* length bytes from allocate: filled for a write, to be filled for a read; NULL for a flush */
    uint32_t id;     /* the server's own from here on */
    uint32_t connection;
};

struct disk_server_options {
    const char *socket_path; /* created at open, removed at close; an existing socket there is replaced */
    uint64_t size;
    uint32_t block_size;   /* power of two */
    uint32_t max_transfer; /* multiple of block_size */
    bool read_only, can_flush;
    /* Memory for a request's data; NULL: none now, disk_server_next tries again at its next call. */
    void *(*allocate)(void *context, enum disk_op op, uint32_t length);
    /* Gives it back: the answer was sent, or nobody wants it any more. */
    void (*release)(void *context, void *data, uint32_t length);
    void *context;
};

struct disk_server;

/* Options are copied (the path too). NULL: `error` is one line for the user. */
struct disk_server *disk_server_open(const struct disk_server_options *options, char *error, size_t error_size);

/* A descriptor that is readable (POLLIN) when disk_server_next has work. */
int disk_server_poll_fd(const struct disk_server *server);

/* Moves data in both directions. True: *request is complete and the caller's until disk_server_reply; call again. */
bool disk_server_next(struct disk_server *server, struct disk_request *request);

/* Answers. error: errno value, 0: done. request is copied; its data belongs to the server until release. */
void disk_server_reply(struct disk_server *server, const struct disk_request *request, int error);

/* Is a client connected? */
bool disk_server_has_client(const struct disk_server *server);

/* Every request must have been answered. Unsent answers are dropped. */
void disk_server_close(struct disk_server *server);

#endif
