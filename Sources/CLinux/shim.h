#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

/* glibc declares these under _GNU_SOURCE, with which its headers no longer fit those of Swift's Glibc module. */
int accept4(int, struct sockaddr *, socklen_t *, int);
int memfd_create(const char *, unsigned int);
int mkostemp(char *, int);
int pthread_setname_np(pthread_t, const char *);
int renameat2(int, const char *, int, const char *, unsigned int);
enum { SWAP_NAMES = 1 << 1 }; /* RENAME_EXCHANGE */
