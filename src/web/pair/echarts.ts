// The parts of ECharts that the charts are made of, and nothing else of it.
import { CustomChart } from 'echarts/charts'
import { GridComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([CustomChart, GridComponent, CanvasRenderer])

export { init }
