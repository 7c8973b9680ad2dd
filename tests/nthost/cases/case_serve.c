/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Serves the disks behind the driver to nbdkit, so that real programs use them. Ends on SIGTERM or SIGINT. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridges/nbd/disk_server.h"
#include "cases.h"
#include "diag.h"
#include "disk.h"
#include "mem/memory.h"
#include "verify/verify.h"

enum { MOST_BUFFERS = 128, SRB_SUCCESS = 1 };

/* One NBD request on its way through the driver. */
struct job {
    struct sp_request request;
    struct disk_request nbd;
    struct job *next_free;
};

struct served {
    struct disk disk;
    struct disk_server *server;
    void *buffer[MOST_BUFFERS]; /* not in use now */
    unsigned free_buffers, buffers;
    struct job job[MOST_BUFFERS];
    struct job *free_jobs;
    unsigned long served, errors;
};

static volatile sig_atomic_t stop;

static void on_stop(int signal_number)
{
    (void)signal_number;
    stop = 1;
}

static void *take_buffer(void *context, enum disk_op op, uint32_t length)
{
    struct served *s = context;
    (void)op;
    (void)length;
    if (s->free_buffers > 0) {
        return s->buffer[--s->free_buffers];
    }
    if (s->buffers == MOST_BUFFERS) {
        return NULL;
    }
    /* Every fourth buffer is contiguous, so that short and long scatter/gather lists both occur. */
    return memory_alloc(s->buffers++ % 4 == 3 ? MEMORY_CONTIGUOUS : MEMORY_SCATTERED, s->disk.max_bytes, 0, "NBD buffer");
}

static void give_buffer(void *context, void *data, uint32_t length)
{
    struct served *s = context;
    (void)length;
    s->buffer[s->free_buffers++] = data;
}

static void done(struct sp_request *r)
{
    struct served *s = r->context;
    struct job *job = (struct job *)r;
    bool good = r->srb_status == SRB_SUCCESS && r->transferred == r->length;
    if (!good) {
        s->errors++;
        trace("NBD request fails: %s", disk_result(r));
    }
    s->served++;
    disk_server_reply(s->server, &job->nbd, good ? 0 : EIO);
    job->next_free = s->free_jobs;
    s->free_jobs = job;
}

static void start(struct served *s, const struct disk_request *nbd)
{
    struct job *job = s->free_jobs;
    s->free_jobs = job->next_free;
    if (nbd->op == DISK_FLUSH) {
        disk_prepare_flush(&s->disk, &job->request);
    } else {
        disk_prepare_io(&s->disk, &job->request, nbd->op == DISK_WRITE, nbd->offset / s->disk.block_size,
                        nbd->length / s->disk.block_size, nbd->data);
    }
    job->nbd = *nbd;
    job->request.done = done;
    job->request.context = s;
    sp_submit(s->disk.adapter, &job->request);
}

static bool open_server(struct run *run, struct served *s, unsigned index)
{
    char path[512], error[256];
    struct disk_server_options o = {.block_size = s->disk.block_size, .size = s->disk.blocks * s->disk.block_size,
                                    .max_transfer = s->disk.max_bytes, .read_only = s->disk.write_protect,
                                    .can_flush = s->disk.write_cache, .allocate = take_buffer,
                                    .release = give_buffer, .context = s};
    snprintf(path, sizeof path, index == 0 ? "%s" : "%s.%u", run->options->socket, index);
    o.socket_path = path;
    for (int i = 0; i < MOST_BUFFERS; i++) {
        s->job[i].next_free = s->free_jobs;
        s->free_jobs = &s->job[i];
    }
    s->server = disk_server_open(&o, error, sizeof error);
    return s->server != NULL || failed("%s", error);
}

static void pump(struct served *served, unsigned count)
{
    struct pollfd fds[SP_MAX_ADAPTERS];
    unsigned outstanding = 0;
    for (unsigned i = 0; i < count; i++) {
        struct disk_request nbd;
        while (served[i].free_jobs != NULL && disk_server_next(served[i].server, &nbd)) {
            start(&served[i], &nbd);
        }
        outstanding += sp_outstanding(served[i].disk.adapter);
        fds[i] = (struct pollfd){.fd = disk_server_poll_fd(served[i].server), .events = POLLIN};
    }
    if (outstanding == 0) {
        poll(fds, count, 20);
    }
    sp_pump(outstanding != 0 ? 20 : 0);
}

static bool close_all(struct served *served, unsigned count, struct bus *bus)
{
    bool good = true;
    for (unsigned i = 0; i < count; i++) {
        struct served *s = &served[i];
        VIRTIO_DIAG diag;
        while (sp_outstanding(s->disk.adapter) != 0 && !bus->dead) {
            sp_pump(1000);
        }
        if (diag_read(&s->disk, &diag)) {
            say("disk %u: %lu requests of real programs, %lu errors, %lu interrupts", i, s->served, s->errors,
                sp_interrupts(s->disk.adapter));
            diag_show(&diag);
        }
        good = good && s->errors == 0;
        disk_server_close(s->server);
        while (s->free_buffers > 0) {
            memory_free(s->buffer[--s->free_buffers]);
        }
    }
    return good || failed("requests ended with errors");
}

bool case_serve(struct run *run)
{
    static struct served served[SP_MAX_ADAPTERS];
    struct sigaction action = {.sa_handler = on_stop};
    unsigned count = 0;
    bool good = run_start(run);
    for (; good && count < run->adapter_count; count++) {
        good = disk_open(&served[count].disk, run->adapter[count]) && open_server(run, &served[count], count);
    }
    if (!good) {
        return false;
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    say("ready");
    while (!stop && !run->bus->dead) {
        pump(served, count);
    }
    return close_all(served, count, run->bus) && !run->bus->dead;
}
