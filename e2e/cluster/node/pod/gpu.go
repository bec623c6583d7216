package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	plugin "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

const (
	gpuResource = "nvidia.com/gpu"
	gpuSocket   = "casava-gpu.sock"
	// The test says by this label how many GPUs a node has.
	gpuCountLabel = "e2e.casava.dev/gpus"
	gpuLimit      = 64
	lookEvery     = 300 * time.Millisecond
)

// gpus is the device plugin's view of one node: how many GPUs it has now, and who waits to hear of a change.
type gpus struct {
	plugin.UnimplementedDevicePluginServer
	mutex   sync.Mutex
	count   int
	changed chan struct{}
}

func newGPUs() *gpus { return &gpus{changed: make(chan struct{})} }

func (g *gpus) set(count int) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if count == g.count {
		return
	}
	slog.Info("the node's GPUs changed", "from", g.count, "to", count)
	g.count = count
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *gpus) now() ([]*plugin.Device, <-chan struct{}) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	devices := make([]*plugin.Device, g.count)
	for i := range devices {
		devices[i] = &plugin.Device{ID: fmt.Sprintf("GPU-%d", i), Health: plugin.Healthy}
	}
	return devices, g.changed
}

func (g *gpus) GetDevicePluginOptions(context.Context, *plugin.Empty) (*plugin.DevicePluginOptions, error) {
	return &plugin.DevicePluginOptions{}, nil
}

func (g *gpus) ListAndWatch(_ *plugin.Empty, stream grpc.ServerStreamingServer[plugin.ListAndWatchResponse]) error {
	for {
		devices, changed := g.now()
		if err := stream.Send(&plugin.ListAndWatchResponse{Devices: devices}); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

// Allocate names the devices in the variable that NVIDIA's own plugin uses, so that a pod can tell which it holds.
func (g *gpus) Allocate(_ context.Context, request *plugin.AllocateRequest) (*plugin.AllocateResponse, error) {
	response := &plugin.AllocateResponse{}
	for _, container := range request.ContainerRequests {
		visible := ""
		for i, id := range container.DevicesIds {
			if i > 0 {
				visible += ","
			}
			visible += id
		}
		response.ContainerResponses = append(response.ContainerResponses,
			&plugin.ContainerAllocateResponse{Envs: map[string]string{"NVIDIA_VISIBLE_DEVICES": visible}})
	}
	return response, nil
}

// follow keeps the count equal to the node's label. It asks instead of watching: one small object, on a test cluster.
func (g *gpus) follow(ctx context.Context, client kubernetes.Interface, node string) {
	for ctx.Err() == nil {
		object, err := client.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
		if err != nil {
			slog.Warn("cannot read the node", "node", node, "error", err)
		} else if count, err := strconv.Atoi(object.Labels[gpuCountLabel]); err != nil || count < 0 || count > gpuLimit {
			slog.Warn("set the label to a whole number of GPUs", "label", gpuCountLabel, "value", object.Labels[gpuCountLabel], "most", gpuLimit)
		} else {
			g.set(count)
		}
		sleep(ctx, lookEvery)
	}
}

func sleep(ctx context.Context, duration time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(duration):
	}
}

func (g *gpus) listen(path string) (*grpc.Server, error) {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer()
	plugin.RegisterDevicePluginServer(server, g)
	go server.Serve(listener) //nolint:errcheck // ends when the server is stopped
	return server, nil
}

func register(ctx context.Context, kubelet string) error {
	deadline, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	connection, err := grpc.NewClient("unix://"+kubelet, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = plugin.NewRegistrationClient(connection).Register(deadline,
		&plugin.RegisterRequest{Version: plugin.Version, Endpoint: gpuSocket, ResourceName: gpuResource})
	return err
}

// attend serves until the kubelet has restarted, which shows in that it swept our socket away, or until the end.
func (g *gpus) attend(ctx context.Context, folder string) error {
	own := filepath.Join(folder, gpuSocket)
	if err := os.Remove(own); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	server, err := g.listen(own)
	if err != nil {
		return err
	}
	defer server.Stop()
	if err := register(ctx, filepath.Join(folder, "kubelet.sock")); err != nil {
		return err
	}
	slog.Info("registered with the kubelet", "resource", gpuResource)
	for ctx.Err() == nil {
		if _, err := os.Stat(own); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		sleep(ctx, lookEvery)
	}
	return nil
}

func runGPUPlugin() error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	state := newGPUs()
	go state.follow(ctx, client, os.Getenv("NODE_NAME"))
	for ctx.Err() == nil {
		if err := state.attend(ctx, plugin.DevicePluginPath); err != nil && ctx.Err() == nil {
			slog.Warn("the kubelet does not answer yet", "error", err)
		}
		sleep(ctx, lookEvery)
	}
	return nil
}
