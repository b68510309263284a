package mask

import "image"

// Inside returns the share of a Grad-CAM map's energy that falls on the object, a fraction, and whether the map has any.
// heat is [grid, grid], row-major, and covers the whole image; object has 255 where the object is.
func Inside(heat []float32, grid int, object *image.Gray) (share float64, energy bool) {
	size := object.Bounds().Size()
	inside, all := 0.0, 0.0
	for i, value := range Enlarge(heat, grid, size) {
		all += value
		if object.Pix[i/size.X*object.Stride+i%size.X] > 127 {
			inside += value
		}
	}
	if all == 0 {
		return 0, false
	}
	return inside / all, true
}

// Covered returns the share of the image that the object covers, a fraction.
func Covered(object *image.Gray) float64 {
	size := object.Bounds().Size()
	covered := 0
	for y := range size.Y {
		for _, value := range object.Pix[y*object.Stride:][:size.X] {
			if value > 127 {
				covered++
			}
		}
	}
	return float64(covered) / float64(size.X*size.Y)
}
