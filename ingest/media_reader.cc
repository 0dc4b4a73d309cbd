#include "ingest/media_reader.h"
