import ServiceHost

// The end of the way of the events' benchmark: a service like any other, with a durable consumer whose handler reads what
// a message says and when it was written. It is started with the environment of a real service.
//
//   BENCH_COUNT=20000 bench-events      prints the median and the 99th percentile in microseconds of each so many messages

await ServiceHost.main(EventBench.self)
