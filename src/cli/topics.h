/* Help that belongs to no command: `help sweep`, `help catalogs`, `help clusters`. */
#ifndef ES_CLI_TOPICS_H
#define ES_CLI_TOPICS_H

#include <stdio.h>

typedef struct es_topic {
    const char *name, *help;
    int section;              /* of the manual: 5 for file formats, 7 for the rest */
    const char *details;      /* as es_command.details; NULL when `print` does it all */
    void (*print)(FILE *out); /* after the details; may be NULL */
} es_topic;

extern const es_topic es_topics[];
extern const size_t es_topic_count;

#endif
