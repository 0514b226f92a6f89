// A compiler that has read what all programs import and is then forked for each of them. prepare_fast.sh builds it of the
// toolchain's own source: this file joins package gc, and patch_compiler.py changes a few lines, so that the process
// has one thread only and may fork, calls Serve where it would begin with its source file, and imports what it has read
// before. From there on a child is the compiler that it would be had it just been started.
//
// It speaks the protocol of forkserver.h. The last descriptor of a request holds words that end with NUL each: `compile`
// and the path of the package, or `run`, the number of arguments, the arguments and the environment of a program that
// the child becomes, so that this needs no other server.

package gc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"cmd/compile/internal/base"
	"cmd/compile/internal/noder"
	"cmd/compile/internal/types"
	"cmd/internal/objabi"
)

const (
	forkSocket     = 4
	forkLimits     = 8
	forkRuns       = -1
	forkFailed     = 125
	prSetDumpable  = 4
	prNoNewPrivs   = 38
	maxDescriptors = 8
)

// As ForkRequest and ForkReply in forkserver.h.
type forkRequest struct {
	User, Limits uint32
	Limit        [forkLimits]struct{ Which, Soft, Hard uint64 }
	Folder       [256]byte
}

type forkReply struct {
	Pid, Status   int32
	CPUus, PeakKB uint64
}

func failed(what string, err error) {
	fmt.Fprintf(os.Stderr, "compiler: %s: %v\n", what, err)
	syscall.Exit(forkFailed)
}

func must(what string, errno syscall.Errno) {
	if errno != 0 {
		failed(what, errno)
	}
}

func prctl(option, value uintptr) {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, option, value, 0, 0, 0, 0)
	must("prctl", errno)
}

func reply(one forkReply) {
	var message bytes.Buffer
	_ = binary.Write(&message, binary.LittleEndian, one)
	if size, err := syscall.Write(forkSocket, message.Bytes()); err != nil || size != message.Len() {
		syscall.Exit(forkFailed)
	}
}

// serve answers requests for ever; it returns in a child that is to compile.
func serve() {
	noder.Preload(strings.Fields(os.Getenv("PRELOAD")))
	if threads, err := os.ReadDir("/proc/self/task"); err != nil || len(threads) != 1 {
		failed("threads", fmt.Errorf("there are %d, %v", len(threads), err))
	}
	prctl(prSetDumpable, 0)
	reply(forkReply{Pid: int32(syscall.Getpid())})
	for {
		request, descriptors := receive()
		child, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		must("fork", errno)
		if child == 0 {
			become(request, descriptors)
			return
		}
		for _, one := range descriptors {
			_ = syscall.Close(one)
		}
		reply(forkReply{Pid: int32(child), Status: forkRuns})
		var status syscall.WaitStatus
		var usage syscall.Rusage
		for {
			_, err := syscall.Wait4(int(child), &status, 0, &usage)
			if err == nil {
				break
			}
			if err != syscall.EINTR {
				failed("wait", err)
			}
		}
		reply(forkReply{
			Pid:    int32(child),
			Status: int32(status),
			CPUus:  uint64(usage.Utime.Nano()+usage.Stime.Nano()) / 1000,
			PeakKB: uint64(usage.Maxrss),
		})
	}
}

func receive() (*forkRequest, []int) {
	request := new(forkRequest)
	message := make([]byte, binary.Size(request))
	control := make([]byte, syscall.CmsgSpace(4*maxDescriptors))
	size, controls := 0, 0
	for {
		var err error
		size, controls, _, _, err = syscall.Recvmsg(forkSocket, message, control, syscall.MSG_CMSG_CLOEXEC)
		if err == nil {
			break
		}
		if err != syscall.EINTR {
			failed("receive", err)
		}
	}
	if size == 0 {
		syscall.Exit(0)
	}
	if size != len(message) {
		failed("receive", fmt.Errorf("%d bytes", size))
	}
	_ = binary.Read(bytes.NewReader(message), binary.LittleEndian, request)
	attached, err := syscall.ParseSocketControlMessage(control[:controls])
	if err != nil || len(attached) != 1 {
		failed("descriptors", err)
	}
	descriptors, err := syscall.ParseUnixRights(&attached[0])
	if err != nil || len(descriptors) < 3 {
		failed("descriptors", err)
	}
	return request, descriptors
}

// In the child: what a sample is, and then what it is to do.
func become(request *forkRequest, descriptors []int) {
	_ = syscall.Close(forkSocket)
	last := descriptors[len(descriptors)-1]
	buffer := make([]byte, 1<<16)
	size, err := syscall.Pread(last, buffer, 0)
	if err != nil || size == len(buffer) {
		failed("order", err)
	}
	_ = syscall.Close(last)
	for number, one := range descriptors[:len(descriptors)-1] {
		if err := syscall.Dup3(one, number+1, 0); err != nil {
			failed("dup3", err)
		}
		_ = syscall.Close(one)
	}
	if _, err := syscall.Setsid(); err != nil {
		failed("setsid", err)
	}
	score, err := syscall.Open("/proc/self/oom_score_adj", syscall.O_WRONLY, 0)
	if err == nil {
		_, err = syscall.Write(score, []byte("1000"))
		_ = syscall.Close(score)
	}
	if err != nil {
		failed("oom_score_adj", err)
	}
	for _, one := range request.Limit[:request.Limits] {
		limit := syscall.Rlimit{Cur: one.Soft, Max: one.Hard}
		_, _, errno := syscall.RawSyscall(syscall.SYS_SETRLIMIT, uintptr(one.Which), uintptr(unsafe.Pointer(&limit)), 0)
		must("setrlimit", errno)
	}
	syscall.Umask(0o022)
	user := uintptr(request.User)
	_, _, errno := syscall.RawSyscall(syscall.SYS_SETGROUPS, 0, 0, 0)
	must("setgroups", errno)
	_, _, errno = syscall.RawSyscall(syscall.SYS_SETRESGID, user, user, user)
	must("setresgid", errno)
	_, _, errno = syscall.RawSyscall(syscall.SYS_SETRESUID, user, user, user)
	must("setresuid", errno)
	prctl(prNoNewPrivs, 1)
	prctl(prSetDumpable, 1)
	folder := string(bytes.TrimRight(request.Folder[:], "\x00"))
	if err := syscall.Chdir(folder); err != nil {
		failed(folder, err)
	}
	words := strings.Split(strings.TrimSuffix(string(buffer[:size]), "\x00"), "\x00")
	switch words[0] {
	case "compile":
		base.Ctxt.Pathname = folder
		base.Ctxt.Pkgpath = words[1]
		types.LocalPkg.Path = words[1]
		types.LocalPkg.Prefix = objabi.PathToPrefix(words[1])
	case "run":
		count, err := strconv.Atoi(words[1])
		if err == nil {
			err = syscall.Exec(words[2], words[2:2+count], words[2+count:])
		}
		failed("exec", err)
	default:
		failed("order", fmt.Errorf("%q", words[0]))
	}
}
