/*
 * The least that a client can do, without any runtime: one thread, epoll, bytes counted. It shows how much of every client's
 * error is the kernel's: with `kernel` a first token's time is the kernel's own stamp of its arrival (SO_TIMESTAMPNS), with
 * `wake` that of the return of epoll_wait. What lies between is the waking of the thread.
 *
 *   raw PORT SLOTS REQUESTS BODY kernel|wake      prints {"ttftMs":[…],"durationS":…,"cpuS":…}
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct slot {
  int fd;
  int waiting; /* for the first bytes of an answer */
  double sent_ms;
};

static char bytes[65536];

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int open_slot(int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) fail("socket");
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  return fd;
}

/* Reads what is there; `arrived_ms` is the kernel's stamp of it where there is one. */
static ssize_t read_stamped(int fd, double *arrived_ms) {
  char control[256];
  struct iovec into = {.iov_base = bytes, .iov_len = sizeof bytes};
  struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
  for (struct cmsghdr *c = length > 0 ? CMSG_FIRSTHDR(&message) : NULL; c; c = CMSG_NXTHDR(&message, c))
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
      struct timespec t;
      memcpy(&t, CMSG_DATA(c), sizeof t);
      *arrived_ms = t.tv_sec * 1e3 + t.tv_nsec / 1e6;
    }
  return length;
}

int main(int count, char **args) {
  if (count != 6) return 2;
  int port = atoi(args[1]), slots = atoi(args[2]), requests = atoi(args[3]), kernel = !strcmp(args[5], "kernel");
  char *request;
  int request_length = asprintf(&request, "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: %zu\r\n\r\n%s",
                                port, strlen(args[4]), args[4]);
  struct slot *all = calloc(slots, sizeof *all);
  double *ttft = calloc(requests, sizeof *ttft);
  struct epoll_event events[1024];
  int poll = epoll_create1(0), left = requests, open = requests, seen = 0;
  for (int i = 0; i < slots; i++) {
    all[i].fd = open_slot(port);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
    epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &event);
  }
  double began = now_ms();
  for (int i = 0; i < slots && left > 0; i++, left--) {
    all[i].waiting = 1;
    all[i].sent_ms = now_ms();
    if (write(all[i].fd, request, request_length) != request_length) fail("write");
  }
  while (open > 0) {
    int ready = epoll_wait(poll, events, 1024, 30000);
    if (ready <= 0) fail("epoll_wait");
    double woken = now_ms();
    for (int e = 0; e < ready; e++) {
      struct slot *slot = events[e].data.ptr;
      double arrived = woken;
      ssize_t length = read_stamped(slot->fd, &arrived);
      if (length < 0 && errno == EAGAIN) continue;
      if (length <= 0) fail("read");
      if (slot->waiting) ttft[seen++] = (kernel ? arrived : woken) - slot->sent_ms;
      slot->waiting = 0;
      if (length < 5 || memcmp(bytes + length - 5, "0\r\n\r\n", 5)) continue;
      open--;
      if (left <= 0) continue;
      left--;
      slot->waiting = 1;
      slot->sent_ms = now_ms();
      if (write(slot->fd, request, request_length) != request_length) fail("write");
    }
  }
  double duration = (now_ms() - began) / 1e3;
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  printf("{\"durationS\":%.6f,\"cpuS\":%.6f,\"ttftMs\":[", duration,
         used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
  for (int i = 0; i < seen; i++) printf("%s%.4f", i ? "," : "", ttft[i]);
  printf("]}\n");
  return 0;
}
