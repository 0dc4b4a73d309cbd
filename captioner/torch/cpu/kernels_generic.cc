#define REELGRAPH_LANES 4
#define REELGRAPH_TILE_ROWS 8
#define REELGRAPH_KERNELS kGenericKernels
#define REELGRAPH_KERNELS_NAME "generic"
#include "captioner/torch/cpu/kernels_impl.h"
