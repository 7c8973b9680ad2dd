/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * nbdkit plug-in: exports the disk that the NT host serves on a Unix socket.
 *
 *     nbdkit --unix=NBD-SOCKET ./nbdkit-aero-plugin.so socket=DISK-SOCKET
 *
 * One connection to the host for all NBD clients. nbdkit's threads send their requests themselves, one reader thread
 * hands out the answers, in whatever order they come.
 */
#define NBDKIT_API_VERSION 2
#include "disk_protocol.h"

#include <nbdkit-plugin.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL

enum { MAX_IN_FLIGHT = 256 };

/* One request in flight, on the stack of the thread that waits for it. */
struct waiter {
    pthread_cond_t wake;
    void *data; /* where a read's data goes */
    uint32_t length;
    bool done;
    int error;
};

static char *socket_path;
static struct disk_hello hello;
static int host_fd = -1;
static pthread_t reader;
static bool reader_runs;

/* Guards what follows. A thread that also sends takes send_lock outside of it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t slot_free = PTHREAD_COND_INITIALIZER;
static struct waiter *in_flight[MAX_IN_FLIGHT]; /* by request id */
static bool host_gone;

static pthread_mutex_t send_lock = PTHREAD_MUTEX_INITIALIZER; /* keeps a record and its data together */

static void plugin_unload(void)
{
    free(socket_path);
}

static int plugin_config(const char *key, const char *value)
{
    if (strcmp(key, "socket") != 0) {
        nbdkit_error("unknown parameter '%s'", key);
        return -1;
    }
    free(socket_path);
    socket_path = nbdkit_absolute_path(value);
    return socket_path != NULL ? 0 : -1;
}

static int plugin_config_complete(void)
{
    if (socket_path == NULL) {
        nbdkit_error("socket=PATH is missing: the NT host's disk socket");
        return -1;
    }
    return 0;
}

static bool receive_all(void *to, size_t length)
{
    char *at = to;

    while (length > 0) {
        ssize_t count = recv(host_fd, at, length, MSG_WAITALL);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return false;
        }
        if (count > 0) {
            at += count;
            length -= (size_t)count;
        }
    }
    return true;
}

static bool send_all(const struct disk_request_record *record, const void *data, size_t length)
{
    struct iovec part[2] = {{.iov_base = (void *)record, .iov_len = sizeof(*record)},
                            {.iov_base = (void *)data, .iov_len = length}};
    struct msghdr message = {.msg_iov = part, .msg_iovlen = 2};

    while (part[0].iov_len + part[1].iov_len > 0) {
        ssize_t count = sendmsg(host_fd, &message, MSG_NOSIGNAL);
        size_t i, left;
        if (count < 0 && errno != EINTR) {
            return false;
        }
        left = count > 0 ? (size_t)count : 0;
        for (i = 0; i < 2; i++) {
            size_t step = left < part[i].iov_len ? left : part[i].iov_len;
            part[i].iov_base = (char *)part[i].iov_base + step;
            part[i].iov_len -= step;
            left -= step;
        }
    }
    return true;
}

/* The host is no longer there: everybody's request fails. */
static void give_up(void)
{
    unsigned i;

    pthread_mutex_lock(&lock);
    host_gone = true;
    for (i = 0; i < MAX_IN_FLIGHT; i++) {
        if (in_flight[i] != NULL) {
            in_flight[i]->error = EIO;
            in_flight[i]->done = true;
            pthread_cond_signal(&in_flight[i]->wake);
            in_flight[i] = NULL;
        }
    }
    pthread_cond_broadcast(&slot_free);
    pthread_mutex_unlock(&lock);
}

/* Takes one answer. False: the host is gone or out of its mind. */
static bool read_answer(void)
{
    struct disk_reply_record reply;
    struct waiter *waiter = NULL;

    if (!receive_all(&reply, sizeof(reply))) {
        return false;
    }
    pthread_mutex_lock(&lock);
    if (reply.id < MAX_IN_FLIGHT) {
        waiter = in_flight[reply.id];
    }
    pthread_mutex_unlock(&lock);
    /* Only this thread ends a wait, so the waiter and its data stay while they are filled. */
    if (waiter == NULL || reply.length != (reply.error == 0 ? waiter->length : 0) ||
        !receive_all(waiter->data, reply.length)) {
        return false;
    }
    pthread_mutex_lock(&lock);
    waiter->error = reply.error;
    waiter->done = true;
    in_flight[reply.id] = NULL;
    pthread_cond_signal(&waiter->wake);
    pthread_cond_signal(&slot_free);
    pthread_mutex_unlock(&lock);
    return true;
}

static void *read_answers(void *unused)
{
    (void)unused;
    while (read_answer()) {
    }
    give_up();
    return NULL;
}

/* Enters waiter and returns its id; -1: the host is gone. */
static int enter(struct waiter *waiter)
{
    int id = -1;

    pthread_mutex_lock(&lock);
    while (!host_gone && id < 0) {
        int i;
        for (i = 0; i < MAX_IN_FLIGHT && id < 0; i++) {
            if (in_flight[i] == NULL) {
                in_flight[i] = waiter;
                id = i;
            }
        }
        if (id < 0) {
            pthread_cond_wait(&slot_free, &lock);
        }
    }
    pthread_mutex_unlock(&lock);
    return id;
}

/* One request of at most max_transfer bytes. */
static int transact(enum disk_op op, uint64_t offset, const void *out, void *in, uint32_t length)
{
    struct waiter waiter = {.wake = PTHREAD_COND_INITIALIZER, .data = in, .length = op == DISK_READ ? length : 0};
    struct disk_request_record record = {.op = op, .offset = offset, .length = length};
    int id = enter(&waiter);

    if (id < 0) {
        nbdkit_error("the NT host is gone");
        nbdkit_set_error(EIO);
        return -1;
    }
    record.id = (uint32_t)id;
    pthread_mutex_lock(&send_lock);
    if (!send_all(&record, out, op == DISK_WRITE ? length : 0)) {
        shutdown(host_fd, SHUT_RDWR); /* the reader notices and ends this wait too */
    }
    pthread_mutex_unlock(&send_lock);

    pthread_mutex_lock(&lock);
    while (!waiter.done) {
        pthread_cond_wait(&waiter.wake, &lock);
    }
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&waiter.wake);
    if (waiter.error != 0) {
        nbdkit_error("request at %llu, %u bytes: %s", (unsigned long long)offset, length, strerror(waiter.error));
        nbdkit_set_error(waiter.error);
        return -1;
    }
    return 0;
}

/* Cuts a transfer to what the host takes at once. */
static int transfer(enum disk_op op, uint64_t offset, const char *out, char *in, uint32_t length)
{
    if ((offset | length) % hello.block_size != 0) {
        nbdkit_error("not a multiple of the disk's block size (%u bytes); put --filter=blocksize before the plug-in",
                     hello.block_size);
        nbdkit_set_error(EINVAL);
        return -1;
    }
    while (length > 0) {
        uint32_t step = length < hello.max_transfer ? length : hello.max_transfer;
        if (transact(op, offset, out, in, step) != 0) {
            return -1;
        }
        offset += step;
        length -= step;
        out = out != NULL ? out + step : NULL;
        in = in != NULL ? in + step : NULL;
    }
    return 0;
}

static int plugin_pread(void *handle, void *buffer, uint32_t count, uint64_t offset, uint32_t flags)
{
    (void)handle;
    (void)flags;
    return transfer(DISK_READ, offset, NULL, buffer, count);
}

static int plugin_pwrite(void *handle, const void *buffer, uint32_t count, uint64_t offset, uint32_t flags)
{
    (void)handle;
    (void)flags; /* FUA is emulated by nbdkit: a flush follows */
    return transfer(DISK_WRITE, offset, buffer, NULL, count);
}

static int plugin_flush(void *handle, uint32_t flags)
{
    (void)handle;
    (void)flags;
    return transact(DISK_FLUSH, 0, NULL, NULL, 0);
}

/* Connects; here and not earlier, because nbdkit forks into the background before and threads do not survive that. */
static int plugin_after_fork(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(socket_path) >= sizeof(address.sun_path)) {
        nbdkit_error("%s: longer than a socket's name may be", socket_path);
        return -1;
    }
    strcpy(address.sun_path, socket_path);
    host_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (host_fd < 0 || connect(host_fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        nbdkit_error("%s: %m", socket_path);
        return -1;
    }
    if (!receive_all(&hello, sizeof(hello)) || hello.magic != DISK_PROTOCOL_MAGIC || hello.block_size == 0 ||
        hello.max_transfer < hello.block_size || hello.size > INT64_MAX) {
        nbdkit_error("%s: this is not a disk of the NT host, or another client has it", socket_path);
        return -1;
    }
    errno = pthread_create(&reader, NULL, read_answers, NULL);
    if (errno != 0) {
        nbdkit_error("pthread_create: %m");
        return -1;
    }
    reader_runs = true;
    return 0;
}

static void plugin_cleanup(void)
{
    if (host_fd >= 0) {
        shutdown(host_fd, SHUT_RDWR);
    }
    if (reader_runs) {
        pthread_join(reader, NULL);
    }
    if (host_fd >= 0) {
        close(host_fd);
    }
}

static void *plugin_open(int readonly)
{
    (void)readonly;
    return NBDKIT_HANDLE_NOT_NEEDED;
}

static int64_t plugin_get_size(void *handle)
{
    (void)handle;
    return (int64_t)hello.size;
}

static int plugin_block_size(void *handle, uint32_t *minimum, uint32_t *preferred, uint32_t *maximum)
{
    (void)handle;
    *minimum = hello.block_size;
    *preferred = hello.block_size > 4096 ? hello.block_size : 4096;
    *maximum = 32 * 1024 * 1024;
    return 0;
}

static int plugin_can_write(void *handle)
{
    (void)handle;
    return (hello.flags & DISK_HELLO_READ_ONLY) == 0;
}

static int plugin_can_flush(void *handle)
{
    (void)handle;
    return (hello.flags & DISK_HELLO_CAN_FLUSH) != 0;
}

/* All clients share the one connection to one disk: a flush by any of them covers what all have written. */
static int plugin_can_multi_conn(void *handle)
{
    (void)handle;
    return 1;
}

static struct nbdkit_plugin plugin = {
    .name = "aero",
    .longname = "disk behind the NT host",
    .description = "Exports the disk that a Windows driver serves inside the NT host.",
    .unload = plugin_unload,
    .config = plugin_config,
    .config_complete = plugin_config_complete,
    .config_help = "socket=<PATH>  (required) The NT host's disk socket.",
    .magic_config_key = "socket",
    .after_fork = plugin_after_fork,
    .cleanup = plugin_cleanup,
    .open = plugin_open,
    .get_size = plugin_get_size,
    .block_size = plugin_block_size,
    .can_write = plugin_can_write,
    .can_flush = plugin_can_flush,
    .can_multi_conn = plugin_can_multi_conn,
    .pread = plugin_pread,
    .pwrite = plugin_pwrite,
    .flush = plugin_flush,
};

struct nbdkit_plugin *plugin_init(void); /* which the macro defines */
NBDKIT_REGISTER_PLUGIN(plugin)
