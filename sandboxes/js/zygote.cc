// node-zygote: node, as a library, that starts once and then forks a fresh process for every program.
//
// Used as `node-zygote loader.js main.js` by fast.py. It is the very engine of /usr/bin/node (libnode.so) and runs
// loader.js as `node loader.js main.js` would. Two things differ:
//
//  - V8 gets a platform without threads, so that the process may be forked whole;
//  - there is a global object `zygote` for the loader, which takes it away from the programs. Its function serve() does
//    not return in this process: it serves requests as forkserver.h says, and returns in the child that is forked for
//    each one. `version` is that of the node it was built for, `pipe` a pipe's two ends for trying out streams.
//
// A program that asks for what this process does not have, a worker thread, ends with NEEDS_NODE.

#include <dirent.h>
#include <inttypes.h>
#include <linux/limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "forkserver.h"
#include "libplatform/libplatform.h"
#include "node.h"
#include "uv.h"

// V8 asks for each piece of its heap at a random place. Side by side they need half of the page tables, which each fork
// copies and each exit frees. Libraries call this function instead of the C library's.
extern "C" void* mmap(void* place, size_t size, int rights, int flags, int file, off_t offset) noexcept {
  if ((flags & MAP_FIXED) == 0) place = nullptr;
  return reinterpret_cast<void*>(syscall(SYS_mmap, place, size, rights, flags, file, offset));
}

namespace {

constexpr int NEEDS_NODE = 103;  // as in fast.py
constexpr int MARKER = 3;        // as in loader.js
constexpr uintptr_t HUGE_PAGE = 2 << 20;

bool is_child = false;

// Runs every task on the main thread, between the event loop's turns, as node does with its foreground tasks.
class Tasks : public v8::TaskRunner {
 public:
  explicit Tasks(uv_loop_t* loop) : loop_(loop) {
    uv_async_init(loop, &wake_, [](uv_async_t* wake) { static_cast<Tasks*>(wake->data)->Run(); });
    wake_.data = this;
    uv_unref(reinterpret_cast<uv_handle_t*>(&wake_));
  }

  void PostTask(std::unique_ptr<v8::Task> task) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      due_.push(std::move(task));
    }
    uv_async_send(&wake_);
  }

  void PostDelayedTask(std::unique_ptr<v8::Task> task, double seconds) override {
    if (!is_child) return;  // what V8 plans to do with the server's heap is nothing for a child to do
    struct Delayed {
      uv_timer_t timer;
      Tasks* tasks;
      std::unique_ptr<v8::Task> task;
    };
    auto* delayed = new Delayed{{}, this, std::move(task)};
    uv_timer_init(loop_, &delayed->timer);
    delayed->timer.data = delayed;
    auto expired = [](uv_timer_t* timer) {
      auto* self = static_cast<Delayed*>(timer->data);
      self->tasks->PostTask(std::move(self->task));
      uv_close(reinterpret_cast<uv_handle_t*>(timer),
               [](uv_handle_t* handle) { delete static_cast<Delayed*>(handle->data); });
    };
    uv_timer_start(&delayed->timer, expired, static_cast<uint64_t>(seconds * 1000 + 0.5), 0);
    uv_unref(reinterpret_cast<uv_handle_t*>(&delayed->timer));
  }

  void PostNonNestableTask(std::unique_ptr<v8::Task> task) override { PostTask(std::move(task)); }
  void PostNonNestableDelayedTask(std::unique_ptr<v8::Task> task, double seconds) override {
    PostDelayedTask(std::move(task), seconds);
  }
  void PostIdleTask(std::unique_ptr<v8::IdleTask>) override { abort(); }
  bool IdleTasksEnabled() override { return false; }
  bool NonNestableTasksEnabled() const override { return true; }
  bool NonNestableDelayedTasksEnabled() const override { return true; }

  // Whether there was anything to run.
  bool Run() {
    std::queue<std::unique_ptr<v8::Task>> now;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      now.swap(due_);
    }
    if (now.empty()) return false;
    v8::Isolate* isolate = v8::Isolate::GetCurrent();
    for (; !now.empty(); now.pop()) {
      v8::HandleScope handles(isolate);
      node::CallbackScope scope(isolate, v8::Object::New(isolate), {0, 0});  // microtasks and nextTicks run after it
      now.front()->Run();
    }
    return true;
  }

 private:
  uv_loop_t* loop_;
  uv_async_t wake_;
  std::mutex mutex_;
  std::queue<std::unique_ptr<v8::Task>> due_;
};

class SingleThreadPlatform : public node::MultiIsolatePlatform {
 public:
  int NumberOfWorkerThreads() override { return 0; }
  std::shared_ptr<v8::TaskRunner> GetForegroundTaskRunner(v8::Isolate*) override { return tasks_; }
  void CallOnWorkerThread(std::unique_ptr<v8::Task> task) override { tasks_->PostTask(std::move(task)); }
  void CallDelayedOnWorkerThread(std::unique_ptr<v8::Task> task, double seconds) override {
    tasks_->PostDelayedTask(std::move(task), seconds);
  }
  std::unique_ptr<v8::JobHandle> PostJob(v8::TaskPriority priority, std::unique_ptr<v8::JobTask> job) override {
    return v8::platform::NewDefaultJobHandle(this, priority, std::move(job), 0);
  }
  double MonotonicallyIncreasingTime() override { return static_cast<double>(uv_hrtime()) / 1e9; }
  double CurrentClockTimeMillis() override { return SystemClockTimeMillis(); }
  v8::TracingController* GetTracingController() override { return &tracing_; }

  bool FlushForegroundTasks(v8::Isolate*) override { return tasks_->Run(); }
  void DrainTasks(v8::Isolate*) override {
    while (tasks_->Run()) continue;
  }
  void RegisterIsolate(v8::Isolate*, uv_loop_t* loop) override {
    if (tasks_ != nullptr) _exit(NEEDS_NODE);  // a second one: new Worker()
    tasks_ = std::make_shared<Tasks>(loop);
  }
  void RegisterIsolate(v8::Isolate*, node::IsolatePlatformDelegate*) override { abort(); }
  void UnregisterIsolate(v8::Isolate*) override {}
  void AddIsolateFinishedCallback(v8::Isolate*, void (*callback)(void*), void* data) override { callback(data); }

 private:
  std::shared_ptr<Tasks> tasks_;
  v8::TracingController tracing_;
};

int CountThreads() {
  int count = 0;
  DIR* folder = opendir("/proc/self/task");
  if (folder == nullptr) fork_failed("/proc/self/task");
  while (const dirent* entry = readdir(folder)) count += entry->d_name[0] != '.';
  closedir(folder);
  return count;
}

std::vector<std::pair<uintptr_t, uintptr_t>> MappedRanges() {
  FILE* maps = fopen("/proc/self/maps", "r");
  if (maps == nullptr) fork_failed("/proc/self/maps");
  std::vector<std::pair<uintptr_t, uintptr_t>> ranges;
  char line[PATH_MAX + 128];
  while (fgets(line, sizeof line, maps) != nullptr) {
    uintptr_t start, end;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &start, &end) == 2) ranges.emplace_back(start, end);
  }
  fclose(maps);
  return ranges;
}

// V8 asks the kernel not to copy its heap into forked processes (it expects them to exec). Take that back.
void LetChildrenHaveTheHeap() {
  // The kernel's own ranges (vdso) refuse, which does not matter.
  for (auto [start, end] : MappedRanges()) madvise(reinterpret_cast<void*>(start), end - start, MADV_DOFORK);
}

bool AreHugePagesOffered() {
  char offer[64] = "";
  FILE* file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
  if (file == nullptr) return false;
  const bool is_read = fgets(offer, sizeof offer, file) != nullptr;
  fclose(file);
  return is_read && strstr(offer, "[never]") == nullptr;
}

// Puts a copy of node's code, in huge pages, in its place. Mapped from the library's file, every child would have to
// map what it uses of it anew, a few pages at a time: a sixth of all that a small program costs.
void MoveCodeIntoHugePages() {
  const auto code = reinterpret_cast<uintptr_t>(&node::SpinEventLoop);
  for (auto [start, end] : MappedRanges()) {
    if (code < start || code >= end || !AreHugePagesOffered()) continue;
    const uintptr_t first = (start + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1), last = end & ~(HUGE_PAGE - 1);
    if (first >= last) return;
    const size_t size = last - first;
    void* room = mmap(nullptr, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) fork_failed("mmap");
    void* copy = reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(room) + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
    void* place = reinterpret_cast<void*>(first);
    madvise(copy, size, MADV_HUGEPAGE);
    memcpy(copy, place, size);
    __builtin___clear_cache(static_cast<char*>(copy), static_cast<char*>(copy) + size);
    if (mprotect(copy, size, PROT_READ | PROT_EXEC) != 0) fork_failed("mprotect");
    if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, place) == MAP_FAILED) fork_failed("mremap");
  }
}

// In the child: what one node process does not share with the next.
void BecomeFresh(v8::Isolate* isolate) {
  uv_disable_stdio_inheritance();  // as node's own start does with the descriptors that it finds
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);  // node holds SIGUSR1 back until the inspector's thread waits for it
  uv_loop_t* loop = node::GetCurrentEventLoop(isolate);
  if (uv_loop_fork(loop) != 0) fork_failed("uv_loop_fork");
  uv_update_time(loop);  // else timers would start from when the server was last busy
  uint32_t seed;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) fork_failed("getrandom");
  // Of Math.random(), which nobody has called yet.
  const std::string flag = "--random-seed=" + std::to_string(seed % 0x7ffffffe + 1);
  v8::V8::SetFlagsFromString(flag.c_str());
}

v8::Local<v8::String> Name(v8::Isolate* isolate, const char* text) {
  return v8::String::NewFromUtf8(isolate, text).ToLocalChecked();
}

// serve(): returns, in a child, the process id.
void Serve(const v8::FunctionCallbackInfo<v8::Value>& call) {
  if (is_child) return;
  v8::Isolate* isolate = call.GetIsolate();
  uv_run(node::GetCurrentEventLoop(isolate), UV_RUN_NOWAIT);  // handles that warming up has closed are gone after it
  isolate->LowMemoryNotification();
  static_cast<node::MultiIsolatePlatform*>(call.Data().As<v8::External>()->Value())->DrainTasks(isolate);
  if (CountThreads() != 1) {
    fputs("node-zygote: there are threads, which no child would have\n", stderr);
    _exit(FORK_FAILED);
  }
  MoveCodeIntoHugePages();
  LetChildrenHaveTheHeap();
  const int places[FORK_DESCRIPTORS] = {STDOUT_FILENO, STDERR_FILENO, MARKER, -1, -1, -1, -1, -1};
  int kept[FORK_DESCRIPTORS];
  serve_forks(places, kept);
  is_child = true;
  BecomeFresh(isolate);
  call.GetReturnValue().Set(getpid());
}

int Run(node::MultiIsolatePlatform* platform, const node::InitializationResult& start) {
  std::vector<std::string> errors;
  // Not kOwnsInspector: that would start a thread which waits for SIGUSR1.
  auto setup = node::CommonEnvironmentSetup::Create(platform, &errors, start.args(), start.exec_args(),
                                                    node::EnvironmentFlags::kOwnsProcessState);
  for (const std::string& error : errors) fprintf(stderr, "node-zygote: %s\n", error.c_str());
  if (!setup) return FORK_FAILED;
  v8::Isolate* isolate = setup->isolate();
  v8::Locker locker(isolate);
  v8::Isolate::Scope isolate_scope(isolate);
  v8::HandleScope handles(isolate);
  v8::Local<v8::Context> context = setup->context();
  v8::Context::Scope context_scope(context);
  // A process that is about to end needs no tidying up, and one with a worker thread could not be tidied up.
  node::SetProcessExitHandler(setup->env(), [](node::Environment*, int code) { _exit(code); });
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) fork_failed("pipe2");
  v8::Local<v8::Value> ends[] = {v8::Integer::New(isolate, pipe[0]), v8::Integer::New(isolate, pipe[1])};
  v8::Local<v8::Object> zygote = v8::Object::New(isolate);
  auto serve = v8::Function::New(context, Serve, v8::External::New(isolate, platform)).ToLocalChecked();
  zygote->Set(context, Name(isolate, "serve"), serve).Check();
  zygote->Set(context, Name(isolate, "version"), Name(isolate, NODE_VERSION)).Check();
  zygote->Set(context, Name(isolate, "pipe"), v8::Array::New(isolate, ends, 2)).Check();
  context->Global()->Set(context, Name(isolate, "zygote"), zygote).Check();
  (void)node::LoadEnvironment(setup->env(), node::StartExecutionCallback{});  // empty after an error that was handled
  _exit(node::SpinEventLoop(setup->env()).FromMaybe(1));
}

}  // namespace

int main(int argc, char** argv) {
  argv = uv_setup_args(argc, argv);
  std::vector<std::string> arguments(argv, argv + argc);
  arguments[0] = "node";
  using Flags = node::ProcessInitializationFlags::Flags;
  auto start = node::InitializeOncePerProcess(
      arguments, static_cast<Flags>(node::ProcessInitializationFlags::kNoInitializeV8 |
                                    node::ProcessInitializationFlags::kNoInitializeNodeV8Platform));
  for (const std::string& error : start->errors()) fprintf(stderr, "node-zygote: %s\n", error.c_str());
  if (start->early_return()) return start->exit_code();
  // Functions that warming up has compiled stay compiled.
  v8::V8::SetFlagsFromString("--single-threaded --no-flush-bytecode");
  SingleThreadPlatform platform;
  node::SetTracingController(platform.GetTracingController());
  v8::V8::InitializePlatform(&platform);
  v8::V8::Initialize();
  return Run(&platform, *start);
}
