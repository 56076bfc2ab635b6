#include <mpi.h>

#include "mpi/mpi_run.h"

es_status es_mpi_agree(es_status status) {
    int mine = (int)status, worst = 0;
    MPI_Allreduce(&mine, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return (es_status)worst;
}
