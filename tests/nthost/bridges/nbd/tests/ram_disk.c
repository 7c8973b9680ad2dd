/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A disk in memory behind disk_server: ram_disk SOCKET MIB. Answers up to eight requests late and in reverse order, and
 * has memory for eight only, so that clients meet both. Ends on SIGTERM; says how many flushes came.
 */
#include "disk_server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 8, MAX_TRANSFER = 1 << 20, BLOCK = 512 };

static volatile sig_atomic_t ended;
static unsigned slots_used;

static void on_term(int number)
{
    (void)number;
    ended = 1;
}

static void *allocate(void *context, enum disk_op op, uint32_t length)
{
    (void)context;
    (void)op;
    if (slots_used == SLOTS) {
        return NULL;
    }
    slots_used++;
    return malloc(length);
}

static void release(void *context, void *data, uint32_t length)
{
    (void)context;
    (void)length;
    slots_used--;
    free(data);
}

static void execute(char *disk, const struct disk_request *request)
{
    if (request->op == DISK_READ) {
        memcpy(request->data, disk + request->offset, request->length);
    } else if (request->op == DISK_WRITE) {
        memcpy(disk + request->offset, request->data, request->length);
    }
}

int main(int argc, char **argv)
{
    struct disk_server_options options = {
        .block_size = BLOCK, .max_transfer = MAX_TRANSFER, .can_flush = true, .allocate = allocate, .release = release};
    struct sigaction action = {.sa_handler = on_term};
    struct disk_request held[SLOTS];
    struct disk_server *server;
    unsigned held_count = 0, flushes = 0;
    char error[256];
    char *disk;

    if (argc != 3 || atoi(argv[2]) <= 0) {
        fprintf(stderr, "usage: ram_disk SOCKET MIB\n");
        return 2;
    }
    options.socket_path = argv[1];
    options.size = (uint64_t)atoi(argv[2]) << 20;
    disk = calloc(1, options.size);
    server = disk != NULL ? disk_server_open(&options, error, sizeof(error)) : NULL;
    if (server == NULL) {
        fprintf(stderr, "ram_disk: %s\n", disk != NULL ? error : "no memory");
        return 1;
    }
    sigaction(SIGTERM, &action, NULL);
    while (!ended) {
        struct pollfd socket = {.fd = disk_server_poll_fd(server), .events = POLLIN};
        bool idle = poll(&socket, 1, held_count > 0 ? 0 : 1000) == 0;

        while (held_count < SLOTS && disk_server_next(server, &held[held_count])) {
            execute(disk, &held[held_count]);
            flushes += held[held_count].op == DISK_FLUSH;
            held_count++;
        }
        if (idle || held_count == SLOTS) {
            while (held_count > 0) {
                disk_server_reply(server, &held[--held_count], 0);
            }
        }
    }
    while (held_count > 0) {
        disk_server_reply(server, &held[--held_count], 0);
    }
    disk_server_close(server);
    free(disk);
    printf("%u flushes, %u left\n", flushes, slots_used);
    return slots_used == 0 ? 0 : 1;
}
